// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.FileContainer;
import io.strata.manager.ImageFormat;
import io.strata.manager.ProgressListener;
import io.strata.spi.StorageException;
import io.strata.vhd.DiskType;
import io.strata.vhd.VhdInfo;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ConversionTest {
  private @TempDir Path folder;

  /// 5 MiB with data at both ends and nothing between.
  private Path rawDisk() throws IOException, StorageException {
    byte[] content = new byte[5 << 20];
    Random random = new Random(3);
    for (int i = 0; i < 100_000; i++) {
      content[i] = (byte) random.nextInt();
      content[content.length - 1 - i] = (byte) random.nextInt();
    }
    return Files.write(folder.resolve("disk.raw"), content);
  }

  private static void convert(Path from, ImageFormat fromFormat, Path to, ImageFormat toFormat)
      throws IOException, StorageException {
    Conversion.convert(from, fromFormat, to, toFormat, false, ProgressListener.NONE);
  }

  @Test
  void aRawDiskComesBackFromVhdByteForByte() throws IOException, StorageException {
    Path raw = rawDisk();
    Path vhd = folder.resolve("disk.vhd");
    Path back = folder.resolve("back.raw");
    convert(raw, ImageFormat.RAW, vhd, ImageFormat.VHD);
    convert(vhd, ImageFormat.VHD, back, ImageFormat.RAW);
    assertThat(back).hasSameBinaryContentAs(raw);
    try (FileContainer container = FileContainer.openReadOnly(vhd)) {
      VhdInfo info = VhdInfo.read(container);
      assertThat(info.type()).isEqualTo(DiskType.DYNAMIC);
      assertThat(info.sizeBytes()).isEqualTo(5 << 20);
    }
  }

  @Test
  void zeroesTakeNoSpaceInTheNewImage() throws IOException, StorageException {
    Path vhd = folder.resolve("disk.vhd");
    convert(rawDisk(), ImageFormat.RAW, vhd, ImageFormat.VHD);
    try (FileContainer container = FileContainer.openReadOnly(vhd)) {
      assertThat(container.physicalBytes()).isLessThan(1 << 20);
    }
  }

  @Test
  void aFileThatIsThereStays() throws IOException, StorageException {
    Path raw = rawDisk();
    Path there = Files.writeString(folder.resolve("there.vhd"), "precious");
    assertThatThrownBy(() -> convert(raw, ImageFormat.RAW, there, ImageFormat.VHD))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThat(there).hasContent("precious");
  }

  @Test
  void aFailedConversionLeavesNothing() throws IOException, StorageException {
    Path raw = rawDisk();
    assertThatThrownBy(
            () -> convert(raw, ImageFormat.VHD, folder.resolve("x.raw"), ImageFormat.RAW))
        .isInstanceOf(IOException.class);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(raw);
    }
  }
}
