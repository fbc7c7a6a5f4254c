// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class NearestTest {
  private static final List<String> KNOWN = List.of("sr-uuid", "name-label", "virtual-size");

  @Test
  void aTypingErrorFindsItsWord() {
    assertThat(Nearest.to("sr-uid", KNOWN)).contains("sr-uuid");
    assertThat(Nearest.to("namelabel", KNOWN)).contains("name-label");
  }

  @Test
  void anotherWordFindsNone() {
    assertThat(Nearest.to("frobnicate", KNOWN)).isEmpty();
    assertThat(Nearest.to("x".repeat(100_000), KNOWN)).isEmpty();
    assertThat(Nearest.suggestion("frobnicate", KNOWN)).contains("virtual-size");
  }
}
