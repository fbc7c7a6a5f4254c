// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack;

import io.strata.check.CheckReport;
import io.strata.check.Finding;
import io.strata.check.Fix;
import io.strata.spi.VolumeFinding;
import java.util.Optional;
import java.util.OptionalInt;

/// A finding as people and programs are shown it, whether a file was checked or an SR.
///
/// @param volume the VDI, where an SR was checked
/// @param name the kind of finding, for programs
/// @param location the file, or another name for what holds the volume
/// @param offsetBytes the first byte concerned, within the location
/// @param block the block concerned, if it is one
/// @param sentence the finding for people: where, what was expected, what was found
/// @param repair what a repair would do; empty where it can do nothing
public record FindingText(
    Optional<String> volume,
    String name,
    String severity,
    String location,
    long offsetBytes,
    OptionalInt block,
    String expected,
    String found,
    String sentence,
    Optional<String> repair) {

  public static FindingText of(CheckReport report, Finding finding) {
    return new FindingText(
        Optional.empty(),
        finding.name(),
        finding.severity().name(),
        finding.where().image(),
        finding.where().offsetBytes(),
        finding.where().block(),
        finding.expected(),
        finding.found(),
        finding.sentence(),
        report.fix(finding).map(Fix::sentence));
  }

  public static FindingText of(VolumeFinding finding) {
    return new FindingText(
        Optional.of(finding.volume().toString()),
        finding.name(),
        finding.severity().name(),
        finding.location(),
        finding.offsetBytes(),
        finding.block(),
        finding.expected(),
        finding.found(),
        finding.sentence(),
        finding.repair());
  }

  /// Reads what [#json] wrote.
  public static FindingText parse(Json.Members json) {
    return new FindingText(
        json.get("volume").map(Json::plain),
        json.text("name"),
        json.text("severity"),
        json.text("location"),
        json.whole("offset"),
        json.get("block").isPresent()
            ? OptionalInt.of(Math.toIntExact(json.whole("block")))
            : OptionalInt.empty(),
        json.text("expected"),
        json.text("found"),
        json.text("sentence"),
        json.get("repair").map(Json::plain));
  }

  public Json json() {
    Json.Builder json = Json.object();
    volume.ifPresent(vdi -> json.with("volume", vdi));
    json.with("name", name)
        .with("severity", severity)
        .with("location", location)
        .with("offset", offsetBytes);
    block.ifPresent(number -> json.with("block", number));
    return json.with("expected", expected)
        .with("found", found)
        .with("sentence", sentence)
        .with("repair", Json.of(repair))
        .build();
  }

  /// One line for a terminal, which nothing in it can break.
  public String line() {
    return severity
        + " "
        + Rendering.escaped(
            volume.map(vdi -> "VDI " + vdi + ": ").orElse("")
                + sentence
                + repair.map(what -> "; repair can " + what).orElse(""));
  }

  /// What is said of findings that are not shown.
  public static String more(long findings) {
    return findings + " more findings";
  }

  /// What sums findings up.
  public static String count(long errors, long warnings) {
    return errors + " errors, " + warnings + " warnings";
  }
}
