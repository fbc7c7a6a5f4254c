// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import java.io.EOFException;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class TransferFailuresTest {
  @Test
  void libraryThatEndsItsSentenceIsNotGivenASecondFullStop() {
    IOException crc = new IOException("Gzip-compressed data is corrupt (CRC32 error).");
    assertThat(TransferFailures.of("vdi-import", crc).what())
        .isEqualTo("The vdi-import broke off: Gzip-compressed data is corrupt (CRC32 error).");
  }

  @Test
  void imageThatEndsTooEarlyIsDamaged() {
    StorageException cut = TransferFailures.of("vdi-import", new EOFException());
    assertThat(cut.code()).isEqualTo(ErrorCode.VDI_LOAD);
    assertThat(cut.what()).isEqualTo("The image is damaged: it ends too early.");
  }
}
