// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class JsonTextTest {

  @Test
  void whatIsWrittenIsReadBack() throws IOException {
    Json value =
        Json.object()
            .with("text", "a\"\n\u0000ü")
            .with("whole", Long.MIN_VALUE)
            .with("truth", true)
            .with("nothing", Json.Nothing.NULL)
            .with("items", Json.texts(List.of("x", "y")))
            .with("map", Json.texts(Map.of("k", "v")))
            .build();
    assertThat(JsonText.read(JsonText.write(value).getBytes(UTF_8))).isEqualTo(value);
    assertThat(JsonText.write(value)).doesNotContain("\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[1",
        "{\"a\":}",
        "{} {}",
        "1.5",
        "{\"a\":1,\"a\":2}",
        "99999999999999999999",
        "nul",
        "{'a':1}",
        "\u0000"
      })
  void whatIsNotOneDocumentInTheBoundsIsRefused(String text) {
    assertThatThrownBy(() -> JsonText.read(text.getBytes(UTF_8))).isInstanceOf(IOException.class);
  }

  @Test
  void deepNestingIsRefusedWithoutRecursingIntoIt() {
    String deep = "[".repeat(100_000) + "]".repeat(100_000);
    assertThatThrownBy(() -> JsonText.read(deep.getBytes(UTF_8))).isInstanceOf(IOException.class);
  }

  @Test
  void mutatedDocumentsAreReadOrRefusedAndNothingElse() {
    long seed = 20260101;
    Random random = new Random(seed);
    byte[] good =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"vdi.list\",\"params\":{\"a\":[true,null,-12]}}"
            .getBytes(UTF_8);
    for (int round = 0; round < 20_000; round++) {
      byte[] bad = good.clone();
      for (int i = 0; i <= random.nextInt(4); i++) {
        bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
      }
      try {
        assertThat(JsonText.write(JsonText.read(bad))).isNotEmpty();
      } catch (IOException refused) {
        assertThat(refused).as("seed %d round %d", seed, round).isNotNull();
      }
    }
  }
}
