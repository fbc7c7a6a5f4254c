// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.toolstack.FindingText;
import io.strata.toolstack.Json;
import io.strata.toolstack.Rendering;
import java.util.ArrayList;
import java.util.List;

/// The answer of `sr-check` for people: a line for each finding, and one that sums up.
final class CheckText {
  private CheckText() {}

  static String of(Json.Members answer) {
    List<String> lines = new ArrayList<>();
    for (Json item : answer.items("findings")) {
      if (item instanceof Json.Members finding) {
        lines.add(FindingText.parse(finding).line());
      }
    }
    if (answer.whole("more-findings") > 0) {
      lines.add(FindingText.more(answer.whole("more-findings")));
    }
    for (Json busy : answer.items("busy")) {
      lines.add("VDI " + Rendering.of(busy) + " is being written to and was not looked at");
    }
    lines.add(
        answer.whole("checked")
            + " volumes checked: "
            + FindingText.count(answer.whole("errors"), answer.whole("warnings")));
    return String.join("\n", lines) + "\n";
  }

  /// As that of `strata vhd check`: 1 where something is worse than INFO.
  static int exitCode(Json.Members answer) {
    return answer.whole("errors") + answer.whole("warnings") + answer.whole("more-findings") > 0
        ? 1
        : 0;
  }
}
