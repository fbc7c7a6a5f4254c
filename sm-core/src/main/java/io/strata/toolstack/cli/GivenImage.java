// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.manager.ImageFormat;
import io.strata.manager.ProgressListener;
import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.toolstack.ByteSize;
import io.strata.toolstack.Rendering;
import io.strata.toolstack.image.Conversion;
import io.strata.toolstack.image.ImageFile;
import io.strata.toolstack.image.ImageName;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;

/// The image that a demo imports, and the same disk as a raw file to compare with.
///
/// @param file the image as it is given, by its absolute path
/// @param format how the image is laid out
/// @param raw the disk's bytes
record GivenImage(Path file, ImageFormat format, Path raw) {
  private static final int PIECE_BYTES = 1024 * 1024;
  private static final byte[] ZEROES = new byte[PIECE_BYTES];

  /// How many copies of the disk's bytes the demo may write.
  private static final int COPIES = 4;

  private static final long SMALLEST_BYTES = 1L << 20;

  /// An image that was made for the demo.
  static GivenImage made(Path raw) {
    return new GivenImage(raw, ImageFormat.RAW, raw);
  }

  /// Takes a user's image. Its name says how it is laid out and packed: what is no VHD by its name
  /// is a raw disk.
  ///
  /// @param folder where it is unpacked to
  static GivenImage of(Path given, DemoFolder folder, ProgressListener progress)
      throws StorageException, IOException {
    ImageFormat format = ImageName.of(given).format().orElse(ImageFormat.RAW);
    ImageFile image =
        ImageFile.of(
            given.toAbsolutePath(), Optional.of(format == ImageFormat.RAW ? "raw" : "vhd"));
    long room = room(folder.root());
    // Disks are opened without following symbolic links.
    Path unpacked = image.file().toRealPath();
    if (image.name().packing() != ImageName.Packing.NONE) {
      unpacked = folder.unpacked(format == ImageFormat.RAW ? ".raw" : ".vhd");
      unpack(image, unpacked, room, progress);
    }
    checkRoom(Files.size(unpacked), room, folder.root());
    Path raw = unpacked;
    if (format == ImageFormat.VHD) {
      raw = folder.image();
      Conversion.convert(unpacked, format, raw, ImageFormat.RAW, false, progress);
    }
    if (Files.size(raw) < SMALLEST_BYTES) {
      throw new StorageException(
          ErrorCode.INVALID_ARG,
          shown(given) + " holds a disk of " + Files.size(raw) + " bytes.",
          "Give one of 1 MiB or more, so that the demo has room to write.");
    }
    return new GivenImage(image.file(), format, raw);
  }

  /// Unpacks, leaving holes where there are zeroes.
  private static void unpack(ImageFile image, Path target, long room, ProgressListener progress)
      throws StorageException, IOException {
    byte[] piece = new byte[PIECE_BYTES];
    long at = 0;
    try (InputStream bytes = image.open(Long.MAX_VALUE);
        FileChannel file =
            FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      int count = readPiece(image, bytes, piece);
      while (count > 0) {
        checkRoom(at + count, room, target);
        boolean last = count < PIECE_BYTES;
        if (last || !Arrays.equals(piece, ZEROES)) {
          write(file, at, ByteBuffer.wrap(piece, 0, count));
        }
        at += count;
        progress.progress(at, 0);
        count = last ? 0 : readPiece(image, bytes, piece);
      }
      if (file.size() < at) {
        write(file, at - 1, ByteBuffer.allocate(1));
      }
    }
  }

  private static void write(FileChannel file, long at, ByteBuffer bytes) throws IOException {
    long offset = at;
    while (bytes.hasRemaining()) {
      offset += file.write(bytes, offset);
    }
  }

  private static int readPiece(ImageFile image, InputStream bytes, byte[] piece)
      throws StorageException {
    try {
      return bytes.readNBytes(piece, 0, piece.length);
    } catch (IOException damaged) {
      throw new StorageException(
          ErrorCode.IO_ERROR,
          shown(image.file()) + " can't be unpacked: " + damaged.getMessage() + ".",
          "Check that it is whole, and that its suffix says how it is packed.",
          damaged);
    }
  }

  /// How large a disk may be for the demo to have room for it.
  static long room(Path place) throws IOException {
    return Files.getFileStore(place).getUsableSpace() / COPIES;
  }

  /// Refuses a disk that the demo has no room for.
  static void checkRoom(long bytes, long room, Path place) throws StorageException {
    if (bytes > room) {
      throw new StorageException(
          ErrorCode.SR_NO_SPACE,
          place
              + " is on a file system with "
              + ByteSize.show(room * COPIES)
              + " free; the demo may need "
              + ByteSize.show(COPIES * bytes)
              + ".",
          "Set TMPDIR to a folder with more, or give a smaller --image.");
    }
  }

  private static String shown(Path file) {
    return "'" + Rendering.escaped(file.toString()) + "'";
  }
}
