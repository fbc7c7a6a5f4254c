// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.spi.StorageException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ByteSizeTest {

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "512, 512",
    "512B, 512",
    "1k, 1024",
    "1kb, 1024",
    "1KiB, 1024",
    "3MiB, 3145728",
    "3mb, 3145728",
    "2GiB, 2147483648",
    "2 GiB, 2147483648",
    "2g, 2147483648",
    "64TiB, 70368744177664"
  })
  void everyUnitMeansPowersOf1024(String typed, long bytes) throws StorageException {
    assertThat(ByteSize.parse(typed)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "-1", "1.5GiB", "GiB", "1 XiB", "0x10", "99999999999999999999", "1e9"})
  void whatIsNoSizeIsRefused(String typed) {
    assertThatThrownBy(() -> ByteSize.parse(typed))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("Give");
  }

  @Test
  void aSizeBeyondEightExbibytesIsRefusedAndDoesNotWrap() {
    assertThatThrownBy(() -> ByteSize.parse("8388608TiB")).hasMessageContaining("beyond 8 EiB");
    assertThatThrownBy(() -> ByteSize.parse("16777216TiB")).hasMessageContaining("beyond 8 EiB");
  }

  @ParameterizedTest
  @CsvSource({"0, 0 B", "1023, 1023 B", "1024, 1 KiB", "1536, 1.5 KiB", "2147483648, 2 GiB"})
  void sizesAreShownShortly(long bytes, String shown) {
    assertThat(ByteSize.show(bytes)).isEqualTo(shown);
  }
}
