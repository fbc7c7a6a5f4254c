// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import io.strata.block.sim.MemoryContainer;
import io.strata.vhd.ParentResolver;
import io.strata.vhd.VhdChain;
import io.strata.vhd.VhdInfo;
import java.io.IOException;

/// What holds of any image, however damaged: reading, opening, checking and repairing throw nothing
/// unchecked; what is not opened has an error; a repair does what was announced and never makes an
/// image worse.
final class HarmlessRepair {
  private HarmlessRepair() {}

  static void check(MemoryContainer image, ParentResolver parents) throws IOException {
    boolean opened = opens(image, parents);
    try {
      VhdInfo.read(image);
    } catch (IOException e) {
      assertThat(opened).as("%s", e).isFalse();
    }
    CheckOptions options = CheckOptions.standard().withParents(parents);
    CheckReport report = VhdChecker.check(image, options);
    assertThat(opened || report.worst().stream().anyMatch(Severity.ERROR::equals))
        .as("what is not opened has an error: %s", report.findings())
        .isTrue();
    PlannedRepair.exhaust(image, options);
    assertThat(opens(image, parents) || !opened).as("it opens still").isTrue();
  }

  /// Writing to what can be opened for it, too.
  static void write(MemoryContainer image, ParentResolver parents) {
    try (VhdChain chain = VhdChain.open(image.reopen(true), true, parents)) {
      int bytes = (int) Math.min(chain.sizeBytes(), 4096);
      chain.write(0, Images.filled(bytes, 6));
      chain.writeZeroes(bytes / 4, bytes / 2, Zeroing.MAY_DEALLOCATE, Durability.WRITE_BACK);
      chain.flush();
    } catch (IOException e) {
      assertThat(e).hasMessageMatching("(?s).+");
    }
  }

  private static boolean opens(MemoryContainer image, ParentResolver parents) {
    try (VhdChain chain = VhdChain.open(image.reopen(false), false, parents)) {
      return chain.sizeBytes() > 0;
    } catch (IOException e) {
      return false;
    }
  }
}
