// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/// Draws results as an SVG: for each task a bar per subject, as long as its figure relative to the
/// best of the task.
final class Plot {
  private static final int LABEL_WIDTH = 470;
  private static final int BAR_WIDTH = 420;
  private static final int LINE = 16;

  private Plot() {}

  static void write(Results results, Path file) throws IOException {
    StringBuilder body = new StringBuilder();
    int y = LINE;
    for (Map.Entry<Task, Map<String, Samples>> entry : results.tasks().entrySet()) {
      Task task = entry.getKey();
      Map<String, Samples> subjects = entry.getValue();
      text(
          body,
          4,
          y,
          "bold",
          task.name()
              + " ("
              + task.unit()
              + (task.moreIsBetter() ? ", more" : ", less")
              + " is better)");
      y += LINE;
      double longest = subjects.values().stream().mapToDouble(Samples::highest).max().orElse(1);
      boolean first = true;
      for (Map.Entry<String, Samples> subject : subjects.entrySet()) {
        bar(body, y, subject.getKey(), subject.getValue(), longest, first);
        first = false;
        y += LINE;
      }
      y += LINE / 2;
    }
    Files.writeString(
        file,
        String.format(
            Locale.ROOT,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\""
                + " font-family=\"sans-serif\" font-size=\"12\">%n"
                + "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n%s</svg>%n",
            LABEL_WIDTH + BAR_WIDTH + 100,
            y,
            body));
  }

  private static void bar(
      StringBuilder body, int y, String subject, Samples samples, double longest, boolean first) {
    text(body, LABEL_WIDTH - 220, y, "normal", subject);
    double scale = longest <= 0 ? 0 : BAR_WIDTH / longest;
    body.append(
        String.format(
            Locale.ROOT,
            "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"10\" fill=\"%s\"/>%n",
            LABEL_WIDTH,
            y - 9,
            Math.max(1, samples.median() * scale),
            first ? "#1f6f8b" : "#b8c4cc"));
    body.append(
        String.format(
            Locale.ROOT,
            "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"black\"/>%n",
            LABEL_WIDTH + samples.lowest() * scale,
            LABEL_WIDTH + samples.highest() * scale,
            y - 4,
            y - 4));
    text(body, LABEL_WIDTH + BAR_WIDTH + 8, y, "normal", Results.number(samples.median()));
  }

  private static void text(StringBuilder body, int x, int y, String weight, String content) {
    body.append(
        String.format(
            Locale.ROOT,
            "<text x=\"%d\" y=\"%d\" font-weight=\"%s\">%s</text>%n",
            x,
            y,
            weight,
            content.replace("&", "&amp;").replace("<", "&lt;")));
  }
}
