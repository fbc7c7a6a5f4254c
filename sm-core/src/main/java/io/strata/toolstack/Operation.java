// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack;

import java.util.List;
import java.util.Optional;

/// A verb: what it takes and what it answers. The command line's parser, help and completion, the
/// API's checks and its documentation all come from this record.
///
/// @param verb on the command line: `vdi-snapshot`
/// @param method in the API: `vdi.snapshot`
/// @param summary one line
public record Operation(
    String verb, String method, String summary, Answer answer, List<Parameter> parameters) {

  /// What the answer holds and how the command line shows it.
  public enum Answer {
    /// Nothing: an empty object.
    NOTHING("`{}`"),
    /// The identity of what was made.
    UUID("`{uuid}`"),
    /// Where clients find an attached VDI.
    ATTACHMENT("`{vdi, uri, export, mode, size}`"),
    /// Records of a class.
    RECORDS("`[{field: value...}...]`"),
    /// One record.
    RECORD("`{field: value...}`"),
    /// What a probe found.
    PROBE("`[{configuration, complete, sr, extra_info}...]`"),
    /// Disks and what they depend on.
    TREE("`[{sr, name-label, type, physical-size, physical-utilisation, nodes: [...]}...]`"),
    /// What a scan changed.
    SCAN("`{added, missing, found, gone}`"),
    /// What a collection did or would do.
    COLLECTION("`[{action, node, target, bytes, reason}...]`"),
    /// What a check of an SR found.
    CHECK(
        "`{sr, checked, busy: [uuid...], errors, warnings, more-findings, findings: [{volume, name,"
            + " severity, location, offset, block, expected, found, sentence, repair}...]}`"),
    /// Which parts of a disk changed.
    CHANGED_BLOCKS("`{bitmap, granularity, size, changed}`"),
    /// What disks do and SRs take.
    STATISTICS("`{time-nanos, vdis: [{uuid, reads, ..., latency}...], srs: [...]}`"),
    /// The same as text for a monitoring system.
    METRICS("`{text}`"),
    /// How the daemon is.
    STATUS("`{version, pid, home, uptime-seconds, srs, vdis, attachments, intents}`"),
    /// The version.
    VERSION("`{strata, version}`");

    private final String shape;

    Answer(String shape) {
      this.shape = shape;
    }

    /// The JSON of the result, for the API's documentation.
    public String shape() {
      return shape;
    }
  }

  public Operation {
    parameters = List.copyOf(parameters);
  }

  static Operation of(String verb, String summary, Answer answer, Parameter... parameters) {
    return new Operation(verb, methodOf(verb), summary, answer, List.of(parameters));
  }

  private static String methodOf(String verb) {
    int dash = verb.indexOf('-');
    return dash < 0 ? "daemon." + verb : verb.substring(0, dash) + "." + verb.substring(dash + 1);
  }

  /// The parameter of this name.
  public Optional<Parameter> parameter(String name) {
    return parameters.stream().filter(known -> known.name().equals(name)).findFirst();
  }

  /// Whether it is the kind of verb that takes fields of a class as parameters.
  public boolean lists() {
    return answer == Answer.RECORDS;
  }
}
