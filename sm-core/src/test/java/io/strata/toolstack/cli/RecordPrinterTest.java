// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.toolstack.Json;
import io.strata.toolstack.RecordClass;
import java.util.List;
import org.junit.jupiter.api.Test;

final class RecordPrinterTest {
  private static final Json.Members LOCAL =
      Json.object()
          .with("uuid", "fe1e2a8b-0000-4000-8000-000000000001")
          .with("name-label", "Local storage")
          .with("name-description", "")
          .with("host", "xs1")
          .with("type", "ext")
          .with("content-type", "user")
          .build();

  @Test
  void recordsAreLaidOutAsXeLaysThemOut() {
    assertThat(RecordPrinter.records(RecordClass.SR, List.of(LOCAL)))
        .isEqualTo(
            """
            uuid ( RO)                : fe1e2a8b-0000-4000-8000-000000000001
                      name-label ( RW): Local storage
                name-description ( RW):\s
                            host ( RO): xs1
                            type ( RO): ext
                    content-type ( RO): user


            """);
  }

  @Test
  void setsAndMapsCarryTheirMarks() {
    Json.Members row =
        Json.object()
            .with("tags", Json.texts(List.of("a", "b")))
            .with("other-config", Json.texts(java.util.Map.of("k", "v")))
            .build();
    assertThat(RecordPrinter.records(RecordClass.VDI, List.of(row)))
        .isEqualTo("tags (SRW)            : a; b\n    other-config (MRW): k: v\n\n\n");
  }

  @Test
  void aLineBreakInANameStaysOnItsLine() {
    Json.Members row = Json.object().with("name-label", "a\nuuid ( RO): forged").build();
    assertThat(RecordPrinter.records(RecordClass.SR, List.of(row)))
        .isEqualTo("name-label ( RW)    : a\\nuuid ( RO): forged\n\n\n");
  }

  @Test
  void minimalJoinsTheFirstColumnAndEscapesCommas() {
    Json one = Json.object().with("name-label", "a,b").with("uuid", "u").build();
    Json two = Json.object().with("name-label", "c\\d").with("uuid", "v").build();
    assertThat(RecordPrinter.minimal(List.of(one, two))).isEqualTo("a\\,b,c\\\\d\n");
    assertThat(RecordPrinter.minimal(List.of())).isEqualTo("\n");
  }
}
