// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

/// The text format to the letter.
class MetricTextTest {
  private final MetricText text = new MetricText();

  @Test
  void familyIsTwoCommentsAndItsSamples() {
    text.family("a_total", "counter", "What it counts.");
    text.sample("a_total", Map.of(), 7);
    text.sample("a_total", MetricText.labels("x", "1", "y", "2"), 8);
    assertThat(text)
        .hasToString(
            """
            # HELP a_total What it counts.
            # TYPE a_total counter
            a_total 7
            a_total{x="1",y="2"} 8
            """);
  }

  @Test
  void namesOfDisksCanNotBreakALineOrALabel() {
    text.sample("a", Map.of("name", "q\"\n} 1\\ \u001b[2J"), 1);
    assertThat(text).hasToString("a{name=\"q\\\"\\n} 1\\\\ \uFFFD[2J\"} 1\n");
  }

  @Test
  void secondsAreExactAndPlain() {
    assertThat(MetricText.seconds(8192)).isEqualTo("0.000008192");
    assertThat(MetricText.seconds(3_000_000_000L)).isEqualTo("3");
    assertThat(MetricText.seconds(0)).isEqualTo("0");
  }
}
