// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.Map;

/// Writes metrics in the text format, one family after the other.
///
/// Source: Prometheus, "Exposition formats", "Text format details", version 0.0.4.
final class MetricText {
  private static final int NANO_DIGITS = 9;

  private final StringBuilder text = new StringBuilder();

  /// Begins a family; its samples follow.
  void family(String name, String type, String help) {
    text.append("# HELP ").append(name).append(' ').append(help).append('\n');
    text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
  }

  void sample(String name, Map<String, String> labels, long value) {
    sample(name, labels, Long.toString(value));
  }

  void sample(String name, Map<String, String> labels, String value) {
    text.append(name);
    String separator = "{";
    for (Map.Entry<String, String> label : labels.entrySet()) {
      text.append(separator).append(label.getKey()).append("=\"");
      text.append(escaped(label.getValue())).append('"');
      separator = ",";
    }
    text.append(labels.isEmpty() ? " " : "} ").append(value).append('\n');
  }

  /// A bucket of a histogram: how many values were at most `atMost`.
  void bucket(String name, Map<String, String> labels, String atMost, long count) {
    Map<String, String> all = new LinkedHashMap<>(labels);
    all.put("le", atMost);
    sample(name + "_bucket", all, count);
  }

  /// Names and values in turn, kept in this order.
  static Map<String, String> labels(String... namesAndValues) {
    Map<String, String> labels = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      labels.put(namesAndValues[i], namesAndValues[i + 1]);
    }
    return labels;
  }

  /// Nanoseconds as seconds, exactly.
  static String seconds(long nanos) {
    BigDecimal seconds = BigDecimal.valueOf(nanos, NANO_DIGITS).stripTrailingZeros();
    return seconds.toPlainString();
  }

  /// In a label's value a backslash, a quote and a line feed are escaped. Other control characters
  /// would be legal; but a name must not reach a terminal with them.
  private static String escaped(String value) {
    StringBuilder escaped = new StringBuilder(value.length() + 8);
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '\\' -> escaped.append("\\\\");
        case '"' -> escaped.append("\\\"");
        case '\n' -> escaped.append("\\n");
        default -> escaped.append(Character.isISOControl(c) ? '\uFFFD' : c);
      }
    }
    return escaped.toString();
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
