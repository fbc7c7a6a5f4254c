// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.spi.VdiUuid;
import io.strata.spi.VolumeFinding;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class FindingTextTest {
  private final VdiUuid vdi = VdiUuid.random();

  private VolumeFinding finding(OptionalInt block, Optional<String> repair) {
    return new VolumeFinding(
        vdi,
        "entries-overlap",
        VolumeFinding.Severity.ERROR,
        "/sr/a\nb.vhd",
        1536,
        block,
        "its own sectors",
        "those of block 2",
        "/sr/a\nb.vhd, byte 1536: expected its own sectors, found those of block 2",
        repair);
  }

  @Test
  void programsReadBackWhatWasFound() throws Exception {
    for (FindingText text :
        new FindingText[] {
          FindingText.of(finding(OptionalInt.of(7), Optional.of("drop the entry"))),
          FindingText.of(finding(OptionalInt.empty(), Optional.empty()))
        }) {
      Json read = JsonText.read(JsonText.write(text.json()).getBytes(StandardCharsets.UTF_8));
      assertThat(FindingText.parse((Json.Members) read)).isEqualTo(text);
    }
  }

  @Test
  void peopleReadOneLineWithItsRepair() {
    assertThat(FindingText.of(finding(OptionalInt.of(7), Optional.of("drop the entry"))).line())
        .isEqualTo(
            "ERROR VDI "
                + vdi
                + ": /sr/a\\nb.vhd, byte 1536: expected its own sectors, found those of block 2"
                + "; repair can drop the entry");
  }
}
