// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/// Every figure of a run, and which targets were reached.
final class Results implements Serializable {
  private static final long serialVersionUID = 1;

  private final Map<Task, Map<String, Samples>> tasks = new LinkedHashMap<>();
  private final List<Target> targets = new ArrayList<>();

  /// @param text what was wanted
  /// @param found what was measured
  record Target(String text, String found, boolean reached) implements Serializable {}

  void add(Task task, String subject, double value) {
    tasks
        .computeIfAbsent(task, _ -> new LinkedHashMap<>())
        .computeIfAbsent(subject, _ -> new Samples())
        .add(value);
  }

  /// Takes all of another run's over.
  void add(Results others) {
    others.tasks.forEach((task, subjects) ->
        subjects.forEach(
            (subject, samples) -> samples.values().forEach(value -> add(task, subject, value))));
    targets.addAll(others.targets);
  }

  void target(String text, String found, boolean reached) {
    targets.add(new Target(text, found, reached));
  }

  boolean isEmpty() {
    return tasks.isEmpty();
  }

  Map<Task, Map<String, Samples>> tasks() {
    return tasks;
  }

  double median(Task task, String subject) {
    return samples(task, subject).median();
  }

  /// The highest of a subject's figures.
  double highest(Task task, String subject) {
    return samples(task, subject).highest();
  }

  /// Who did a task, in the order of their first figures.
  Set<String> subjects(Task task) {
    return tasks.getOrDefault(task, Map.of()).keySet();
  }

  private Samples samples(Task task, String subject) {
    return tasks.getOrDefault(task, Map.of()).getOrDefault(subject, new Samples());
  }

  /// How many times better than a peer a subject is, by medians.
  double ratio(Task task, String subject, String peer) {
    return task.ratio(median(task, subject), median(task, peer));
  }

  /// The best of the subjects that a filter lets through, by median.
  Optional<String> best(Task task, Predicate<String> peers) {
    return tasks.getOrDefault(task, Map.of()).keySet().stream()
        .filter(peers)
        .reduce((a, b) -> task.ratio(median(task, a), median(task, b)) >= 1 ? a : b);
  }

  /// A line per task and subject: the median, lowest and highest, and how many times better the
  /// task's first subject is.
  void print(PrintStream out) {
    out.printf(
        Locale.ROOT,
        "%n%-44s %-26s %12s %21s  %s%n",
        "task",
        "subject",
        "median",
        "lowest - highest",
        "unit; ours / this");
    tasks.forEach((task, subjects) -> {
      String first = subjects.keySet().iterator().next();
      subjects.forEach((subject, samples) ->
          out.printf(
              Locale.ROOT,
              "%-44s %-26s %12s %21s  %s%s%n",
              subject.equals(first) ? task.name() : "",
              subject,
              number(samples.median()),
              number(samples.lowest()) + " - " + number(samples.highest()),
              task.unit(),
              subject.equals(first) ? "" : "; " + ratioText(ratio(task, first, subject))));
    });
    out.println();
    for (Target target : targets) {
      out.printf(
          Locale.ROOT,
          "%-11s %s: %s%n",
          target.reached() ? "reached" : "NOT reached",
          target.text(),
          target.found());
    }
    out.flush();
  }

  static String ratioText(double ratio) {
    return String.format(Locale.ROOT, "%.2fx", ratio);
  }

  static String number(double value) {
    return String.format(Locale.ROOT, value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f", value);
  }

  /// One line per sample.
  void writeCsv(Path file) throws IOException {
    StringBuilder text = new StringBuilder("task,unit,more_is_better,subject,round,value\n");
    tasks.forEach((task, subjects) ->
        subjects.forEach((subject, samples) -> {
          int round = 1;
          for (double value : samples.values()) {
            text.append(
                String.format(
                    Locale.ROOT,
                    "\"%s\",%s,%b,\"%s\",%d,%.4f%n",
                    task.name(),
                    task.unit(),
                    task.moreIsBetter(),
                    subject,
                    round++,
                    value));
          }
        }));
    Files.writeString(file, text);
  }
}
