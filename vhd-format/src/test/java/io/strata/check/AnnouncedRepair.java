// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.sim.LogEntry;
import io.strata.block.sim.MemoryContainer;
import io.strata.block.sim.RecordingContainer;
import io.strata.block.sim.WriteLog;
import java.io.IOException;
import java.util.List;

/// Makes repairs, and sees to it that they write what they announced, in that order, and no other
/// sectors.
final class AnnouncedRepair {
  private static final long SECTOR_BYTES = 512;

  private AnnouncedRepair() {}

  static void apply(MemoryContainer image, RepairPlan plan) throws IOException {
    WriteLog log = new WriteLog();
    VhdRepairer.apply(RecordingContainer.record(image, log), plan);
    List<RepairStep> steps = plan.steps();
    int step = 0;
    for (LogEntry entry : log.entries()) {
      if (entry instanceof LogEntry.Change change) {
        while (step < steps.size() && !within(change, steps.get(step))) {
          step++;
        }
        assertThat(step).as("%s is announced by one of %s", entry, steps).isLessThan(steps.size());
      }
    }
  }

  private static boolean within(LogEntry.Change change, RepairStep step) {
    return switch (change) {
      case LogEntry.Write write -> within(write.offsetBytes(), write.bytes().length, step);
      case LogEntry.Zero zero -> within(zero.offsetBytes(), zero.lengthBytes(), step);
      case LogEntry.Discard discard -> within(discard.offsetBytes(), discard.lengthBytes(), step);
      case LogEntry.Grow grow ->
          step instanceof RepairStep.Grow
              && grow.sizeBytes() == step.offsetBytes() + step.lengthBytes();
    };
  }

  /// A part of a sector is recorded with the rest of it.
  private static boolean within(long offsetBytes, long lengthBytes, RepairStep step) {
    long first = step.offsetBytes() / SECTOR_BYTES * SECTOR_BYTES;
    long end = Math.ceilDiv(step.offsetBytes() + step.lengthBytes(), SECTOR_BYTES) * SECTOR_BYTES;
    return !(step instanceof RepairStep.Grow)
        && offsetBytes >= first
        && offsetBytes + lengthBytes <= end;
  }
}
