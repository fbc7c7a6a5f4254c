// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.toolstack.Json;
import java.util.List;
import java.util.Map;

/// What `sr-probe` prints: the XML that SM's drivers send, by the kind of storage and by what is
/// still missing.
///
/// Source: xapi-project/sm, `SR.py` (`SRlist`), `LVHDoISCSISR.py` (`iscsi-target-iqns`,
/// `iscsi-target`), `NFSSR.py` (`nfs-exports`), `devscan.py` (`Devlist`).
final class ProbeXml {
  private ProbeXml() {}

  /// @param type the SR type that was probed
  /// @param asked the device-config that was given
  static String of(String type, Json.Members asked, List<Json> candidates) {
    List<Json.Members> found = candidates.stream().map(Json.Members.class::cast).toList();
    if (type.equals("nfs") && asked.get("serverpath").isEmpty()) {
      return list("nfs-exports", "Export", found, ProbeXml::export);
    }
    if (type.contains("iscsi") && asked.get("targetIQN").isEmpty()) {
      return list("iscsi-target-iqns", "TGT", found, ProbeXml::target);
    }
    if (type.contains("iscsi") && asked.get("SCSIid").isEmpty()) {
      return list("iscsi-target", "LUN", found, ProbeXml::details);
    }
    if (listsDevices(asked, found)) {
      return list("Devlist", "BlockDevice", found, ProbeXml::details);
    }
    List<Json.Members> srs = found.stream().filter(one -> one.get("sr").isPresent()).toList();
    return list("SRlist", "SR", srs, ProbeXml::sr);
  }

  /// Disks or LUNs were found, and none was named.
  private static boolean listsDevices(Json.Members asked, List<Json.Members> found) {
    return asked.get("device").isEmpty()
        && asked.get("SCSIid").isEmpty()
        && found.stream()
            .map(one -> one.members("configuration"))
            .anyMatch(config -> config.get("device").or(() -> config.get("SCSIid")).isPresent());
  }

  private static String list(
      String root, String element, List<Json.Members> found, Elements elements) {
    StringBuilder xml = new StringBuilder("<?xml version=\"1.0\" ?>\n");
    if (found.isEmpty()) {
      return xml.append('<').append(root).append("/>\n").toString();
    }
    xml.append('<').append(root).append(">\n");
    for (int i = 0; i < found.size(); i++) {
      xml.append("\t<").append(element).append(">\n");
      elements.write(found.get(i), i, xml);
      xml.append("\t</").append(element).append(">\n");
    }
    return xml.append("</").append(root).append(">\n").toString();
  }

  private static void sr(Json.Members candidate, int index, StringBuilder xml) {
    leaf("UUID", candidate.text("sr"), xml);
    Json.Members details = candidate.members("extra_info");
    String devices = candidate.members("configuration").text("device");
    if (!devices.isEmpty()) {
      leaf("Devlist", devices, xml);
    }
    if (!details.text("size").isEmpty()) {
      leaf("size", details.text("size"), xml);
    }
  }

  private static void export(Json.Members candidate, int index, StringBuilder xml) {
    Json.Members config = candidate.members("configuration");
    leaf("Target", config.text("server"), xml);
    leaf("Path", config.text("serverpath"), xml);
    leaf("Accesslist", candidate.members("extra_info").text("accesslist"), xml);
  }

  private static void target(Json.Members candidate, int index, StringBuilder xml) {
    Json.Members config = candidate.members("configuration");
    String port = config.text("port");
    leaf("Index", Integer.toString(index), xml);
    leaf("IPAddress", config.text("target"), xml);
    if (!port.isEmpty() && !port.equals("3260")) {
      leaf("Port", port, xml);
    }
    leaf("TargetIQN", config.text("targetIQN"), xml);
  }

  private static void details(Json.Members candidate, int index, StringBuilder xml) {
    for (Map.Entry<String, Json> detail : candidate.members("extra_info").values().entrySet()) {
      leaf(detail.getKey().replaceAll("[^A-Za-z0-9_.-]", "_"), detail.getValue().plain(), xml);
    }
  }

  private static void leaf(String name, String value, StringBuilder xml) {
    xml.append("\t\t<").append(name).append('>');
    escape(value, xml);
    xml.append("</").append(name).append(">\n");
  }

  /// What XML 1.0 can't hold at all becomes a question mark.
  private static void escape(String value, StringBuilder xml) {
    value
        .codePoints()
        .forEach(c -> {
          switch (c) {
            case '&' -> xml.append("&amp;");
            case '<' -> xml.append("&lt;");
            case '>' -> xml.append("&gt;");
            case '"' -> xml.append("&quot;");
            default -> xml.appendCodePoint(allowed(c) ? c : '?');
          }
        });
  }

  private static boolean allowed(int c) {
    return (c >= 0x20 && c < 0xD800)
        || (c >= 0xE000 && c < 0xFFFE)
        || c >= 0x10000
        || c == '\t'
        || c == '\n';
  }

  @FunctionalInterface
  private interface Elements {
    void write(Json.Members candidate, int index, StringBuilder xml);
  }
}
