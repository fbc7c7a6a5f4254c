// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.image;

import io.strata.block.BlockDevice;
import io.strata.block.FileContainer;
import io.strata.block.SparseCopy;
import io.strata.manager.ImageFormat;
import io.strata.manager.ProgressListener;
import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.vhd.ParentResolver;
import io.strata.vhd.VhdChain;
import io.strata.vhd.VhdCreator;
import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;

/// Writes the disk that an image holds to a new image of another layout.
public final class Conversion {
  private static final int SECTOR_BYTES = 512;
  private static final long LARGEST_VHD_BYTES = 2040L << 30;

  private Conversion() {}

  /// Converts; the new file has its name only once it is whole and durable.
  ///
  /// @param force whether a file of that name is replaced
  /// @throws StorageException [ErrorCode#VDI_IN_USE] also where another command writes the image
  public static void convert(
      Path from,
      ImageFormat fromFormat,
      Path to,
      ImageFormat toFormat,
      boolean force,
      ProgressListener progress)
      throws IOException, StorageException {
    try (BlockDevice source = ImageDevice.open(from, fromFormat, false);
        ImageLock _ = ImageLock.chain(from, fromFormat, false);
        NewFile file = NewFile.plan(to, force)) {
      if (toFormat == ImageFormat.VHD) {
        checkSize(source.sizeBytes());
      }
      try (BlockDevice target = create(file.part(), toFormat, source.sizeBytes())) {
        long sizeBytes = source.sizeBytes();
        new SparseCopy(source, target, true, end -> progress.progress(end, sizeBytes)).copyFrom(0);
        target.flush();
        progress.progress(sizeBytes, sizeBytes);
      }
      file.publish();
    }
  }

  private static void checkSize(long bytes) throws StorageException {
    if (bytes <= 0 || bytes > LARGEST_VHD_BYTES) {
      throw new StorageException(
          ErrorCode.VDI_SIZE,
          "The disk has " + bytes + " bytes, and a VHD can't have that size.",
          "Give a disk of 1 byte to 2040 GiB.");
    }
  }

  private static BlockDevice create(Path file, ImageFormat format, long sizeBytes)
      throws IOException {
    FileContainer container = FileContainer.create(file);
    try {
      return switch (format) {
        case RAW -> {
          container.ensureCapacity(sizeBytes);
          yield container;
        }
        case VHD -> {
          long rounded = Math.ceilDiv(sizeBytes, (long) SECTOR_BYTES) * SECTOR_BYTES;
          VhdCreator.dynamic(container, UUID.randomUUID(), rounded);
          yield VhdChain.open(container, true, ParentResolver.none());
        }
      };
    } catch (IOException | RuntimeException e) {
      container.close();
      throw e;
    }
  }
}
