// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.toolstack.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/// What `sr-probe-ext` prints.
final class ProbeText {
  private final StringBuilder text = new StringBuilder();

  private ProbeText() {}

  static String of(List<Json> candidates) {
    List<Json.Members> found = candidates.stream().map(Json.Members.class::cast).toList();
    ProbeText printed = new ProbeText();
    printed.section("The following SRs were found:", "SR", found, ProbeText::holdsSr);
    printed.section(
        "Found the following complete configurations that can be used to create SRs:",
        "Configuration",
        found,
        one -> !holdsSr(one) && one.text("complete").equals("true"));
    printed.section(
        "Found the following incomplete configurations that may contain SRs:",
        "Configuration",
        found,
        one -> !holdsSr(one) && !one.text("complete").equals("true"));
    return printed.text.toString();
  }

  private static boolean holdsSr(Json.Members candidate) {
    return candidate.get("sr").isPresent();
  }

  private void section(
      String title, String word, List<Json.Members> found, Predicate<Json.Members> belongs) {
    List<Json.Members> members = found.stream().filter(belongs).toList();
    if (members.isEmpty()) {
      return;
    }
    text.append(title).append('\n');
    for (int i = 0; i < members.size(); i++) {
      Json.Members one = members.get(i);
      String heading = word + " " + i;
      if (holdsSr(one)) {
        table(heading + ":", Map.of("uuid", one.text("sr")));
        heading += " configuration";
      }
      table(heading + ":", texts(one.members("configuration")));
      if (!one.members("extra_info").values().isEmpty()) {
        table(word + " " + i + " extra information:", texts(one.members("extra_info")));
      }
    }
  }

  private void table(String heading, Map<String, String> values) {
    text.append(heading).append('\n').append(RecordPrinter.table(values)).append('\n');
  }

  private static Map<String, String> texts(Json.Members members) {
    Map<String, String> texts = new LinkedHashMap<>();
    members.values().forEach((name, value) -> texts.put(name, value.plain()));
    return texts;
  }
}
