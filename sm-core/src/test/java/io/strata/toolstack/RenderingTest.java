// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class RenderingTest {

  @Test
  void setsAndMapsAreJoinedAsXeDoes() {
    assertThat(Rendering.of(Json.texts(List.of("a", "b")))).isEqualTo("a; b");
    assertThat(Rendering.of(Json.texts(new TreeMap<>(Map.of("k", "v", "l", "w")))))
        .isEqualTo("k: v; l: w");
    assertThat(Rendering.of(Json.Nothing.NULL)).isEqualTo("<not in database>");
    assertThat(Rendering.of(Json.of(-1))).isEqualTo("-1");
  }

  @Test
  void aNameCanNeitherBreakALineNorReachTheTerminal() {
    assertThat(Rendering.escaped("a\nb\r\tc\u001b[2J\u202ed\u2028"))
        .isEqualTo("a\\nb\\r\\tc\\u001b[2J\\u202ed\\u2028");
  }

  @Test
  void shellAndSqlCharactersStayAsTheyAre() {
    String name = "x'; DROP TABLE vdi;-- $(reboot) `id` ü";
    assertThat(Rendering.escaped(name)).isEqualTo(name);
  }
}
