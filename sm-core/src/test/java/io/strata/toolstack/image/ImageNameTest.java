// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.manager.ImageFormat;
import io.strata.spi.StorageException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ImageNameTest {

  @ParameterizedTest
  @CsvSource({
    "disk.raw, RAW, NONE, disk",
    "disk.IMG, RAW, NONE, disk",
    "a.b.vhd, VHD, NONE, a.b",
    "disk.vhd.gz, VHD, GZIP, disk",
    "disk.raw.zst, RAW, ZSTD, disk"
  })
  void theSuffixSaysTheLayoutAndThePacking(
      String name, ImageFormat format, ImageName.Packing packing, String stem) {
    assertThat(ImageName.of(Path.of("/x", name)))
        .isEqualTo(new ImageName(Optional.of(format), packing, stem));
  }

  @Test
  void aNameThatSaysNothingIsRefusedUnlessTheUserSaysIt() throws StorageException {
    ImageName name = ImageName.of(Path.of("disk.qcow2"));
    assertThatThrownBy(() -> name.formatOr(Optional.empty()))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("format=raw");
    assertThat(name.formatOr(Optional.of("raw"))).isEqualTo(ImageFormat.RAW);
    assertThatThrownBy(() -> name.formatOr(Optional.of("qcow2")))
        .hasMessageContaining("raw or vhd");
  }
}
