// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.spi.StorageException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.compressors.zstandard.ZstdCompressorOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ImageFileTest {
  private @TempDir Path folder;

  private byte[] content() {
    byte[] content = new byte[300_000];
    new Random(1).nextBytes(content);
    return content;
  }

  private static ImageFile image(Path file) throws StorageException {
    return ImageFile.of(file, Optional.empty());
  }

  @Test
  void packedImagesAreUnpackedWhileTheyAreRead() throws IOException, StorageException {
    Path gzip = folder.resolve("a.raw.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(gzip))) {
      out.write(content());
    }
    Path zstd = folder.resolve("a.raw.zst");
    try (OutputStream out = new ZstdCompressorOutputStream(Files.newOutputStream(zstd))) {
      out.write(content());
    }
    for (Path file : new Path[] {gzip, zstd}) {
      try (InputStream in = image(file).open(300_000)) {
        assertThat(in.readAllBytes()).isEqualTo(content());
      }
      assertThat(image(file).rawSizeBytes()).isEmpty();
    }
  }

  @Test
  void aBombIsStoppedAtTheDisksSize() throws IOException, StorageException {
    Path bomb = folder.resolve("bomb.raw.gz");
    byte[] zeroes = new byte[1 << 20];
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(bomb))) {
      for (int i = 0; i < 64; i++) {
        out.write(zeroes);
      }
    }
    assertThat(Files.size(bomb)).isLessThan(1 << 20);
    byte[] buffer = new byte[1 << 20];
    try (InputStream in = image(bomb).open(4 << 20)) {
      long read = 0;
      while (read < 4 << 20) {
        read += in.read(buffer, 0, (int) Math.min(buffer.length, (4 << 20) - read));
      }
      assertThatThrownBy(() -> in.read(buffer))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("4194304 bytes that the disk takes");
    }
  }

  @Test
  void aDamagedArchiveFailsInsteadOfEndingEarly() throws IOException, StorageException {
    Path cut = folder.resolve("cut.raw.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(cut))) {
      out.write(content());
    }
    byte[] bytes = Files.readAllBytes(cut);
    Files.write(cut, java.util.Arrays.copyOf(bytes, bytes.length / 2));
    try (InputStream in = image(cut).open(1 << 20)) {
      assertThatThrownBy(in::readAllBytes).isInstanceOf(IOException.class);
    }
  }

  @Test
  void onlyRegularFilesAreImages() throws IOException {
    Path fold = Files.createDirectory(folder.resolve("folder.raw"));
    assertThatThrownBy(() -> image(fold)).hasMessageContaining("no regular file");
    assertThatThrownBy(() -> image(folder.resolve("none.raw"))).hasMessageContaining("not there");
  }
}
