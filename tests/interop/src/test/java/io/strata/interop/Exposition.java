// SPDX-License-Identifier: Apache-2.0
package io.strata.interop;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Metrics in Prometheus' text format 0.0.4, read as strictly as it is written down: each family is
/// one group with its `HELP` and `TYPE` first, each series is there once, and escapes in label
/// values are `\\`, `\"` and `\n` only. Histograms must be whole.
///
/// Source: Prometheus, "Exposition formats", "Text format details".
record Exposition(Map<String, String> typeByFamily, List<Sample> samples) {
  private static final String NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
  private static final Pattern HELP = Pattern.compile("# HELP (" + NAME + ") (\\S.*)");
  private static final Pattern TYPE =
      Pattern.compile("# TYPE (" + NAME + ") (counter|gauge|histogram)");
  private static final Pattern SAMPLE =
      Pattern.compile("(" + NAME + ")(?:\\{(.*)\\})? (-?[0-9]+(?:\\.[0-9]+)?)");
  private static final Pattern LABEL =
      Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\\\n]|\\\\[\\\\\"n])*)\"(,|$)");

  /// One line.
  record Sample(String name, Map<String, String> labels, double value) {}

  /// @throws IllegalArgumentException the text breaks the format
  static Exposition parse(String text) {
    if (!text.endsWith("\n")) {
      throw new IllegalArgumentException("the last line does not end");
    }
    Exposition parsed = new Exposition(new LinkedHashMap<>(), new ArrayList<>());
    Set<String> series = new HashSet<>();
    String helped = "";
    String family = "";
    // Not lines(): a carriage return is no end of line here.
    for (String line : text.substring(0, text.length() - 1).split("\n", -1)) {
      Matcher help = HELP.matcher(line);
      Matcher type = TYPE.matcher(line);
      Matcher sample = SAMPLE.matcher(line);
      if (help.matches()) {
        helped = help.group(1);
      } else if (type.matches()) {
        family = type.group(1);
        require(family.equals(helped), "TYPE without its HELP", line);
        require(
            parsed.typeByFamily.putIfAbsent(family, type.group(2)) == null, "second group", line);
      } else {
        require(sample.matches(), "neither comment nor sample", line);
        String name = sample.group(1);
        require(
            belongs(name, family, parsed.typeByFamily.getOrDefault(family, "")),
            "outside family",
            line);
        Map<String, String> labels = sample.group(2) == null ? Map.of() : labels(sample.group(2));
        require(series.add(name + labels), "series twice", line);
        parsed.samples.add(new Sample(name, labels, Double.parseDouble(sample.group(3))));
      }
    }
    parsed.requireWholeHistograms();
    return parsed;
  }

  private static boolean belongs(String name, String family, String type) {
    return type.equals("histogram")
        ? Set.of(family + "_bucket", family + "_sum", family + "_count").contains(name)
        : name.equals(family);
  }

  private static Map<String, String> labels(String text) {
    Map<String, String> labels = new LinkedHashMap<>();
    Matcher label = LABEL.matcher(text);
    int end = 0;
    while (end < text.length()) {
      require(label.find(end) && label.start() == end, "label", text);
      require(labels.put(label.group(1), unescaped(label.group(2))) == null, "label twice", text);
      end = label.end();
    }
    require(!text.endsWith(","), "comma at the end", text);
    return labels;
  }

  private static String unescaped(String value) {
    return Pattern.compile("\\\\(.)")
        .matcher(value)
        .replaceAll(escape ->
            Matcher.quoteReplacement(escape.group(1).equals("n") ? "\n" : escape.group(1)));
  }

  private void requireWholeHistograms() {
    for (Sample count : samples) {
      if (!count.name.endsWith("_count")) {
        continue;
      }
      String family = count.name.substring(0, count.name.length() - "_count".length());
      List<Sample> buckets =
          samples.stream()
              .filter(s -> s.name.equals(family + "_bucket"))
              .filter(s -> without(s.labels, "le").equals(count.labels))
              .toList();
      double lastBound = -1;
      double last = 0;
      for (Sample bucket : buckets) {
        String le = bucket.labels.getOrDefault("le", "");
        double bound = le.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(le);
        require(bound > lastBound && bucket.value >= last, "bucket falls", bucket.toString());
        lastBound = bound;
        last = bucket.value;
      }
      require(
          lastBound == Double.POSITIVE_INFINITY && last == count.value,
          "+Inf is not the count",
          count.toString());
    }
  }

  private static Map<String, String> without(Map<String, String> labels, String name) {
    Map<String, String> others = new LinkedHashMap<>(labels);
    others.remove(name);
    return others;
  }

  private static void require(boolean good, String what, String line) {
    if (!good) {
      throw new IllegalArgumentException(what + ": " + line);
    }
  }

  /// The samples of a name that have this label.
  List<Sample> of(String name, String label, String value) {
    return samples.stream()
        .filter(s -> s.name.equals(name) && value.equals(s.labels.get(label)))
        .toList();
  }

  /// The value of the one series of a name that has this label.
  double value(String name, String label, String value) {
    List<Sample> found = of(name, label, value);
    if (found.size() != 1) {
      throw new AssertionError(name + " of " + value + ": " + found);
    }
    return found.getFirst().value;
  }
}
