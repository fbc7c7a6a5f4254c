// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.toolstack.ByteSize;
import io.strata.toolstack.Json;
import io.strata.toolstack.Rendering;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// Draws the disks of an SR below what they depend on.
final class TreePrinter {
  private final Branches branches;

  /// @param unicode whether the terminal shows line-drawing characters
  TreePrinter(boolean unicode) {
    branches = unicode ? Branches.UNICODE : Branches.ASCII;
  }

  String print(List<Json> trees) {
    StringBuilder text = new StringBuilder();
    for (Json tree : trees) {
      print((Json.Members) tree, text);
    }
    return text.toString();
  }

  private void print(Json.Members sr, StringBuilder text) {
    text.append(Rendering.escaped(sr.text("name-label")))
        .append(" (")
        .append(sr.text("type"))
        .append(")  ")
        .append(sr.text("sr"));
    if (sr.whole("physical-size") > 0) {
      text.append("  ")
          .append(ByteSize.show(sr.whole("physical-utilisation")))
          .append(" of ")
          .append(ByteSize.show(sr.whole("physical-size")))
          .append(" used");
    }
    text.append('\n');
    if (!sr.text("problem").isEmpty()) {
      text.append("! ").append(Rendering.escaped(sr.text("problem"))).append('\n');
    }
    Map<String, List<Json.Members>> children = childrenByParent(sr.items("nodes"));
    print(children, children.getOrDefault("", List.of()), "", text);
  }

  /// Children of each node; roots are under the empty name, and so is a node whose parent is not
  /// there.
  private static Map<String, List<Json.Members>> childrenByParent(List<Json> nodes) {
    Set<String> known = new HashSet<>();
    nodes.forEach(node -> known.add(((Json.Members) node).text("uuid")));
    Map<String, List<Json.Members>> children = new LinkedHashMap<>();
    for (Json node : nodes) {
      Json.Members members = (Json.Members) node;
      String parent = members.text("parent");
      children
          .computeIfAbsent(known.contains(parent) ? parent : "", _ -> new ArrayList<>())
          .add(members);
    }
    return children;
  }

  private void print(
      Map<String, List<Json.Members>> children,
      List<Json.Members> siblings,
      String prefix,
      StringBuilder text) {
    for (int i = 0; i < siblings.size(); i++) {
      Json.Members node = siblings.get(i);
      boolean last = i == siblings.size() - 1;
      text.append(prefix).append(last ? branches.last() : branches.middle());
      text.append(describe(node)).append('\n');
      print(
          children,
          children.getOrDefault(node.text("uuid"), List.of()),
          prefix + (last ? "   " : branches.past()),
          text);
    }
  }

  private static String describe(Json.Members node) {
    StringBuilder line = new StringBuilder();
    line.append(name(node)).append("  ").append(node.text("uuid"));
    line.append("  ").append(ByteSize.show(node.whole("virtual-size")));
    line.append(", takes ").append(ByteSize.show(node.whole("physical-utilisation")));
    String attached =
        node.items("attachments").stream()
            .map(Json.Members.class::cast)
            .map(attachment -> attachment.text("mode") + " on " + attachment.text("endpoint"))
            .collect(Collectors.joining("; "));
    if (!attached.isEmpty()) {
      line.append("  [attached ").append(Rendering.escaped(attached)).append(']');
    }
    if (!node.text("waits").isEmpty()) {
      line.append("  (").append(Rendering.escaped(node.text("waits"))).append(')');
    }
    if (!node.text("problem").isEmpty()) {
      line.append("  ! ").append(Rendering.escaped(node.text("problem")));
    }
    return line.toString();
  }

  private static String name(Json.Members node) {
    if (node.text("hidden").equals("true")) {
      return "(base copy)";
    }
    String name = Rendering.escaped(node.text("name-label"));
    String shown = name.isEmpty() ? "(no name)" : name;
    return node.text("is-a-snapshot").equals("true") ? shown + " (snapshot)" : shown;
  }

  private record Branches(String middle, String last, String past) {
    static final Branches UNICODE = new Branches("├─ ", "└─ ", "│  ");
    static final Branches ASCII = new Branches("|- ", "`- ", "|  ");
  }
}
