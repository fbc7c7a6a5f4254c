// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import org.junit.jupiter.api.Test;

final class LineReaderTest {

  private static LineReader over(String text, int maxLineBytes) {
    return new LineReader(
        Channels.newChannel(new ByteArrayInputStream(text.getBytes(UTF_8))), maxLineBytes);
  }

  @Test
  void linesComeOneByOneAndAnUnfinishedOneIsNone() throws IOException {
    LineReader lines = over("one\n\nthree\ncut off", 100);
    assertThat(lines.next().orElseThrow()).asString(UTF_8).isEqualTo("one");
    assertThat(lines.next().orElseThrow()).isEmpty();
    assertThat(lines.next().orElseThrow()).asString(UTF_8).isEqualTo("three");
    assertThat(lines.next()).isEmpty();
  }

  @Test
  void aLineOfExactlyTheBoundIsRead() throws IOException {
    String longest = "x".repeat(100_000);
    assertThat(over(longest + "\n", 100_000).next().orElseThrow()).hasSize(100_000);
    assertThatThrownBy(() -> over(longest + "\n", 99_999).next())
        .isInstanceOf(LineReader.LineTooLongException.class);
    assertThatThrownBy(() -> over(longest, 99_999).next())
        .isInstanceOf(LineReader.LineTooLongException.class);
  }
}
