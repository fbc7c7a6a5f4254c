// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.sim.LogEntry;

/// Changes in words, for who must understand a violation.
final class Descriptions {
  private Descriptions() {}

  static String of(LogEntry.Change change) {
    String where = " container " + change.container() + " epoch " + change.epoch();
    return switch (change) {
      case LogEntry.Write write ->
          "write %d+%d".formatted(write.offsetBytes(), write.bytes().length) + where;
      case LogEntry.Zero zero ->
          "zero %d+%d".formatted(zero.offsetBytes(), zero.lengthBytes()) + where;
      case LogEntry.Discard discard ->
          "discard %d+%d".formatted(discard.offsetBytes(), discard.lengthBytes()) + where;
      case LogEntry.Grow grow -> "grow to " + grow.sizeBytes() + where;
    };
  }
}
