// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.toolstack.Rendering;
import java.util.Locale;

/// A sample of `strata top` as a table.
final class TopScreen {
  private static final int NAME_COLUMNS = 28;
  private static final double MEGA = 1e6;
  private static final double NANOS_PER_MILLI = 1e6;

  private TopScreen() {}

  /// Every line ends with a line feed. No more than `rows` disks are shown, the busiest ones.
  static String of(TopSample sample, int rows) {
    StringBuilder text = new StringBuilder();
    text.append(heading("SR"));
    sample.srs().forEach(sr -> text.append(line(sr.name(), sr.load(), "", "")));
    text.append('\n').append(heading("VDI"));
    sample.disks().stream()
        .limit(rows)
        .forEach(disk ->
            text.append(
                line(disk.name(), disk.load(), millis(disk.p50Nanos()), millis(disk.p99Nanos()))));
    if (sample.disks().isEmpty()) {
      text.append("no disk is attached\n");
    } else if (sample.disks().size() > rows) {
      text.append(sample.disks().size() - rows).append(" more\n");
    }
    return text.toString();
  }

  private static String heading(String what) {
    return format(
        what,
        "reads/s",
        "writes/s",
        "read MB/s",
        "write MB/s",
        "p50 ms",
        "p99 ms",
        "inflight",
        "errors");
  }

  private static String line(String name, TopSample.Load load, String p50, String p99) {
    return format(
        shortened(Rendering.escaped(name)),
        Long.toString(load.reads()),
        Long.toString(load.writes()),
        megabytes(load.readBytes()),
        megabytes(load.writtenBytes()),
        p50,
        p99,
        Long.toString(load.inflight()),
        Long.toString(load.errors()));
  }

  private static String format(String name, String... columns) {
    StringBuilder line = new StringBuilder();
    line.append(String.format(Locale.ROOT, "%-" + NAME_COLUMNS + "s", name));
    for (String column : columns) {
      line.append(String.format(Locale.ROOT, " %10s", column));
    }
    return line.append('\n').toString();
  }

  private static String shortened(String name) {
    return name.length() <= NAME_COLUMNS ? name : name.substring(0, NAME_COLUMNS - 3) + "...";
  }

  private static String megabytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f", bytes / MEGA);
  }

  private static String millis(long nanos) {
    return nanos == 0 ? "-" : String.format(Locale.ROOT, "%.2f", nanos / NANOS_PER_MILLI);
  }
}
