// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.image;

import io.strata.manager.ImageFormat;
import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.toolstack.Rendering;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;
import org.apache.commons.compress.compressors.zstandard.ZstdCompressorInputStream;

/// An image to import: a regular file, perhaps compressed.
///
/// @param packedBytes size of the file
public record ImageFile(Path file, ImageName name, ImageFormat format, long packedBytes) {
  private static final int BUFFER_BYTES = 1024 * 1024;

  /// Looks at a file without opening it.
  ///
  /// @param given the format, where the user says it
  public static ImageFile of(Path file, Optional<String> given) throws StorageException {
    ImageName name = ImageName.of(file);
    ImageFormat format = name.formatOr(given);
    try {
      if (!Files.isRegularFile(file)) {
        throw new StorageException(
            ErrorCode.INVALID_ARG,
            "'" + shown(file) + "' is " + (Files.exists(file) ? "no regular file." : "not there."),
            "Give the path of an image file that the daemon can read.");
      }
      return new ImageFile(file, name, format, Files.size(file));
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /// Size of the disk in it, where that is known without reading it.
  public OptionalLong rawSizeBytes() {
    boolean plain = format == ImageFormat.RAW && name.packing() == ImageName.Packing.NONE;
    return plain ? OptionalLong.of(packedBytes) : OptionalLong.empty();
  }

  /// The image's bytes, unpacked; the caller closes it.
  ///
  /// @param maxBytes where a stream that goes on beyond is cut off with an error
  public InputStream open(long maxBytes) throws StorageException {
    try {
      InputStream packed = new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES);
      try {
        return new BoundedInput(unpack(packed), maxBytes);
      } catch (IOException e) {
        packed.close();
        throw e;
      }
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private InputStream unpack(InputStream packed) throws IOException {
    return switch (name.packing()) {
      case NONE -> packed;
      case GZIP ->
          GzipCompressorInputStream.builder()
              .setInputStream(packed)
              .setDecompressConcatenated(true)
              .get();
      case ZSTD -> new ZstdCompressorInputStream(packed);
    };
  }

  private static StorageException unreadable(Path file, IOException cause) {
    return new StorageException(
        ErrorCode.IO_ERROR,
        "'" + shown(file) + "' can't be read: " + cause.getMessage() + ".",
        "Check that the daemon's user may read it and that it is whole.",
        cause);
  }

  private static String shown(Path file) {
    return Rendering.escaped(file.toString());
  }
}
