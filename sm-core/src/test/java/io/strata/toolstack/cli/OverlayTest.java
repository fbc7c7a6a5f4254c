// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

final class OverlayTest {

  @Test
  void piecesAreAppliedWhereverTheBufferCutsThem() {
    Overlay overlay = Overlay.over(1 << 20, 7);
    ByteBuffer whole = ByteBuffer.allocate(1 << 20);
    for (int i = 0; i < 10; i++) {
      whole.put((int) overlay.offsetBytes(i), overlay.piece(i).array());
    }
    for (int window : new int[] {512, 4096, 5000, 65536}) {
      for (int at = 0; at < whole.limit(); at += window) {
        ByteBuffer part = ByteBuffer.allocate(Math.min(window, whole.limit() - at));
        overlay.apply(10, at, part);
        assertThat(part).as("window %d at %d", window, at).isEqualTo(whole.slice(at, part.limit()));
      }
    }
  }

  @Test
  void piecesDifferFromEachOtherAndFitTheDisk() {
    Overlay overlay = Overlay.over(3 << 20, 1);
    assertThat(overlay.piece(0)).isNotEqualTo(overlay.piece(1));
    assertThat(overlay.piece(0)).isNotEqualTo(Overlay.over(3 << 20, 2).piece(0));
    assertThat(overlay.offsetBytes(overlay.pieces() - 1) + Overlay.PIECE_BYTES)
        .isLessThanOrEqualTo(3 << 20);
    assertThat(overlay.strideBytes()).isGreaterThanOrEqualTo(Overlay.PIECE_BYTES);
  }
}
