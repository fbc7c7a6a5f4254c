// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.toolstack.Json;
import io.strata.toolstack.RecordClass;
import io.strata.toolstack.Rendering;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// Records in the layout of `xe`: the first key at the left, the others at the right of a column
/// that is 4 wider than the longest, and two empty lines after each record.
final class RecordPrinter {
  private static final int INDENT = 4;

  private RecordPrinter() {}

  /// Records of a class, with the mark of each field's access.
  static String records(RecordClass records, List<Json> rows) {
    StringBuilder text = new StringBuilder();
    for (Json row : rows) {
      List<Line> lines = new ArrayList<>();
      ((Json.Members) row)
          .values()
          .forEach((name, value) -> lines.add(new Line(label(records, name), shown(value))));
      text.append(layout(lines)).append("\n\n");
    }
    return text.toString();
  }

  private static String label(RecordClass records, String name) {
    return records.field(name).map(RecordClass.Field::label).orElse(name);
  }

  /// A table of names and values without marks.
  static String table(Map<String, String> values) {
    return layout(
        values.entrySet().stream()
            .map(entry ->
                new Line(Rendering.escaped(entry.getKey()), Rendering.escaped(entry.getValue())))
            .toList());
  }

  private static String layout(List<Line> lines) {
    int width = INDENT + lines.stream().mapToInt(line -> line.label().length()).max().orElse(0);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < lines.size(); i++) {
      String label = lines.get(i).label();
      String padding = " ".repeat(width - label.length());
      text.append(i == 0 ? label + padding : padding + label);
      text.append(": ").append(lines.get(i).value()).append('\n');
    }
    return text.toString();
  }

  /// The first column, joined by commas; commas and backslashes in it are escaped.
  static String minimal(List<Json> rows) {
    return rows.stream()
            .map(row -> ((Json.Members) row).values().values().iterator().next())
            .map(value -> shown(value).replace("\\", "\\\\").replace(",", "\\,"))
            .collect(Collectors.joining(","))
        + "\n";
  }

  /// One value on a line of its own.
  static String value(Json value) {
    return shown(value) + "\n";
  }

  private static String shown(Json value) {
    return Rendering.escaped(Rendering.of(value));
  }

  private record Line(String label, String value) {}
}
