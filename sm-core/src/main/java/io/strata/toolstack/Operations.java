// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack;

import static io.strata.toolstack.Parameter.Type.FILE;
import static io.strata.toolstack.Parameter.Type.FLAG;
import static io.strata.toolstack.Parameter.Type.MAP;
import static io.strata.toolstack.Parameter.Type.SIZE;
import static io.strata.toolstack.Parameter.Type.TEXT;
import static io.strata.toolstack.Parameter.Type.TEXTS;
import static io.strata.toolstack.Parameter.Type.UUID;
import static io.strata.toolstack.Parameter.optional;
import static io.strata.toolstack.Parameter.required;

import io.strata.toolstack.Operation.Answer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The table of every verb that the daemon answers.
public final class Operations {
  private static final List<Operation> TABLE = build();

  private Operations() {}

  /// Every operation, in the order of the help.
  public static List<Operation> all() {
    return TABLE;
  }

  /// The operation of a verb.
  public static Optional<Operation> ofVerb(String verb) {
    return TABLE.stream().filter(known -> known.verb().equals(verb)).findFirst();
  }

  private static List<Operation> build() {
    List<Operation> table = new ArrayList<>();
    addSr(table);
    addPbd(table);
    addVdi(table);
    addRecords(table);
    addDaemon(table);
    return List.copyOf(table);
  }

  private static void addSr(List<Operation> table) {
    Parameter uuid = required("uuid", UUID, "the SR");
    Parameter deviceConfig =
        optional("device-config", MAP, "how the host reaches the storage; KEY-filename=FILE reads");
    Parameter smConfig = optional("sm-config", MAP, "what the driver keeps with the SR");
    Parameter type = required("type", TEXT, "SR type, see sm-list");
    table.add(
        Operation.of(
            "sr-create",
            "Make an SR on storage and plug it",
            Answer.UUID,
            required("name-label", TEXT, "its name"),
            type,
            deviceConfig,
            optional("name-description", TEXT, "what it is for"),
            optional("host-uuid", UUID, "the host to plug it on; only this one"),
            optional("shared", FLAG, "whether several hosts use it"),
            optional("content-type", TEXT, "user or iso"),
            optional("physical-size", SIZE, "accepted for xe's sake; storage says its own size"),
            smConfig,
            optional("uuid", UUID, "the identity to take")));
    table.add(
        Operation.of(
            "sr-probe",
            "Look for storage; prints XML, as xe does",
            Answer.PROBE,
            type,
            deviceConfig,
            optional("host-uuid", UUID, "the host to look from; only this one"),
            smConfig));
    table.add(
        new Operation(
            "sr-probe-ext",
            "sr.probe",
            "Look for storage; prints configurations",
            Answer.PROBE,
            List.of(
                type,
                deviceConfig,
                optional("host-uuid", UUID, "the host to look from; only this one"),
                smConfig)));
    table.add(
        Operation.of(
            "sr-introduce",
            "Make an SR known that exists on its storage",
            Answer.UUID,
            required("uuid", UUID, "the SR's identity"),
            required("name-label", TEXT, "its name until its own metadata is read"),
            type,
            optional("name-description", TEXT, "what it is for"),
            optional("shared", FLAG, "whether several hosts use it"),
            optional("content-type", TEXT, "user or iso")));
    table.add(Operation.of("sr-scan", "Compare the catalog with the storage", Answer.SCAN, uuid));
    table.add(
        Operation.of(
            "sr-gc",
            "Remove what no disk needs and merge chains, while disks run",
            Answer.COLLECTION,
            uuid,
            optional("dry-run", FLAG, "only say what would be done, and what waits and why")));
    table.add(
        Operation.of(
            "sr-check",
            "Look for damage in every volume, while disks run; exit code 1 where there is some",
            Answer.CHECK,
            uuid,
            optional("data", FLAG, "read the data too, and not the metadata alone")));
    table.add(Operation.of("sr-update", "Refresh the SR's sizes", Answer.NOTHING, uuid));
    table.add(
        Operation.of(
            "sr-forget", "Remove an SR from the catalog; its data stay", Answer.NOTHING, uuid));
    table.add(
        Operation.of("sr-destroy", "Remove an empty SR from its storage", Answer.NOTHING, uuid));
  }

  private static void addPbd(List<Operation> table) {
    Parameter uuid = required("uuid", UUID, "the PBD");
    table.add(
        Operation.of(
            "pbd-create",
            "Say how a host reaches an SR",
            Answer.UUID,
            required("sr-uuid", UUID, "the SR"),
            optional("host-uuid", UUID, "the host; this one unless given"),
            optional("device-config", MAP, "how the host reaches the storage")));
    table.add(Operation.of("pbd-plug", "Make the SR reachable", Answer.NOTHING, uuid));
    table.add(Operation.of("pbd-unplug", "Let go of the SR", Answer.NOTHING, uuid));
    table.add(Operation.of("pbd-destroy", "Forget how to reach the SR", Answer.NOTHING, uuid));
  }

  private static void addVdi(List<Operation> table) {
    Parameter uuid = required("uuid", UUID, "the VDI");
    Parameter driverParams = optional("driver-params", MAP, "for the driver");
    Parameter identity = optional("new-uuid", UUID, "the identity to take");
    table.add(
        Operation.of(
            "vdi-create",
            "Make an empty disk",
            Answer.UUID,
            required("sr-uuid", UUID, "where"),
            required("name-label", TEXT, "its name"),
            required("virtual-size", SIZE, "its size; rounded up to 2 MiB"),
            optional("name-description", TEXT, "what it is for"),
            optional("type", TEXT, "user, system, suspend, ..."),
            optional("sharable", FLAG, "whether several may write"),
            optional("read-only", FLAG, "whether nobody may write"),
            optional("format", TEXT, "how its bytes are kept: vhd or raw"),
            optional("tags", TEXTS, "labels"),
            optional("sm-config", MAP, "what the driver keeps with it"),
            optional("other-config", MAP, "what you keep with it"),
            identity));
    table.add(
        Operation.of(
            "vdi-clone",
            "Make a writable copy that shares blocks",
            Answer.UUID,
            required("uuid", UUID, "a snapshot, or a disk that is not attached"),
            optional("new-name-label", TEXT, "the copy's name"),
            optional("new-name-description", TEXT, "the copy's description"),
            driverParams,
            identity));
    table.add(
        Operation.of(
            "vdi-snapshot",
            "Keep a disk as it is now, also while it is written",
            Answer.UUID,
            uuid,
            optional("new-name-label", TEXT, "the snapshot's name"),
            driverParams,
            identity));
    table.add(
        Operation.of(
            "vdi-revert",
            "Put a disk back to a snapshot of it",
            Answer.NOTHING,
            required("snapshot-uuid", UUID, "the snapshot; its disk is not attached")));
    table.add(
        Operation.of(
            "vdi-copy",
            "Copy a disk in full, sparsely",
            Answer.UUID,
            uuid,
            optional("sr-uuid", UUID, "the SR for a new disk; or into-vdi-uuid"),
            optional("into-vdi-uuid", UUID, "a disk to write over; or sr-uuid"),
            optional("base-vdi-uuid", UUID, "what into-vdi-uuid holds: copy what differs"),
            optional("new-name-label", TEXT, "name of a new disk"),
            optional("verify", FLAG, "whether to read the copy back and compare")));
    table.add(
        Operation.of(
            "vdi-pool-migrate",
            "Move a disk that nobody uses to another SR, read back before the old one goes",
            Answer.UUID,
            uuid,
            required("sr-uuid", UUID, "the SR to move it to")));
    table.add(
        Operation.of(
            "task-cancel",
            "Give up a copy, running or interrupted, and what it made",
            Answer.NOTHING,
            required("uuid", UUID, "the task: see task-list")));
    table.add(
        Operation.of(
            "vdi-resize",
            "Make a disk larger",
            Answer.NOTHING,
            uuid,
            required("disk-size", SIZE, "its new size"),
            optional("online", FLAG, "accepted for xe's sake; both ways work")));
    table.add(
        Operation.of(
            "vdi-destroy", "Remove a disk or a snapshot and its data", Answer.NOTHING, uuid));
    table.add(
        Operation.of(
            "vdi-forget", "Remove a disk from the catalog; its data stay", Answer.NOTHING, uuid));
    table.add(
        Operation.of(
            "vdi-update", "Refresh what the catalog says of a disk", Answer.NOTHING, uuid));
    table.add(
        Operation.of(
            "vdi-introduce",
            "Make a volume known that exists on the storage",
            Answer.UUID,
            required("uuid", UUID, "its identity"),
            required("sr-uuid", UUID, "where it is"),
            required("type", TEXT, "user, system, suspend, ..."),
            required("location", TEXT, "the SR's own name for it"),
            optional("name-label", TEXT, "its name"),
            optional("name-description", TEXT, "what it is for"),
            optional("sharable", FLAG, "whether several may write"),
            optional("read-only", FLAG, "whether nobody may write"),
            optional("managed", FLAG, "accepted for xe's sake"),
            optional("sm-config", MAP, "what the driver keeps with it")));
    table.add(
        Operation.of(
            "vdi-import",
            "Fill a disk from an image: raw or VHD, also .gz and .zst",
            Answer.UUID,
            required("filename", FILE, "the image; its suffix says how it is packed"),
            optional("uuid", UUID, "a disk to write over; or sr-uuid"),
            optional("sr-uuid", UUID, "the SR for a new disk; or uuid"),
            optional("name-label", TEXT, "name of a new disk; the file's unless given"),
            optional("virtual-size", SIZE, "size of a new disk; the image's unless given"),
            optional("format", TEXT, "raw or vhd, where the suffix doesn't say")));
    table.add(
        Operation.of(
            "vdi-export",
            "Write a disk to a file: raw or VHD",
            Answer.NOTHING,
            uuid,
            required("filename", FILE, "the file to make"),
            optional("format", TEXT, "raw or vhd, where the suffix doesn't say"),
            optional("base", UUID, "a snapshot: write only what changed since it, as a VHD"),
            optional("force", FLAG, "whether to write over a file")));
    addChanges(table, uuid);
    table.add(
        Operation.of(
            "vdi-attach",
            "Serve a disk over NBD; prints the URI",
            Answer.ATTACHMENT,
            uuid,
            optional("mode", TEXT, "RW or RO"),
            optional("tcp", TEXT, "HOST:PORT to serve it on, instead of the unix socket"),
            optional("domain", TEXT, "who attaches; 0, the host, unless given")));
    table.add(
        Operation.of(
            "vdi-detach",
            "Stop serving a disk",
            Answer.NOTHING,
            uuid,
            optional("domain", TEXT, "who detaches; 0, the host, unless given")));
  }

  private static void addChanges(List<Operation> table, Parameter uuid) {
    table.add(
        Operation.of(
            "vdi-enable-cbt",
            "Let a disk's snapshots say what changed between them",
            Answer.NOTHING,
            uuid));
    table.add(
        Operation.of("vdi-disable-cbt", "End what vdi-enable-cbt began", Answer.NOTHING, uuid));
    table.add(
        Operation.of(
            "vdi-data-destroy",
            "Destroy a snapshot's data, and keep what changed since it",
            Answer.NOTHING,
            uuid));
    table.add(
        Operation.of(
            "vdi-list-changed-blocks",
            "Print which blocks changed, as base64: a bit for each 64 KiB, highest bit first",
            Answer.CHANGED_BLOCKS,
            required("vdi-from-uuid", UUID, "the earlier snapshot"),
            required("vdi-to-uuid", UUID, "a later snapshot of the same disk, or the disk")));
  }

  private static void addRecords(List<Operation> table) {
    for (RecordClass records : RecordClass.values()) {
      String prefix = records.prefix();
      table.add(
          Operation.of(
              prefix + "-list",
              "List; params=FIELD,...|all chooses fields, FIELD=VALUE filters",
              Answer.RECORDS,
              optional("params", TEXTS, "fields to show, or all"),
              optional(
                  "where", MAP, "only records whose field has this value; short: FIELD=VALUE")));
      if (records.onlyListed()) {
        continue;
      }
      Parameter uuid = required("uuid", UUID, "which");
      Parameter name = required("param-name", TEXT, "the field");
      table.add(
          Operation.of(prefix + "-param-list", "Show every field of one", Answer.RECORD, uuid));
      table.add(
          Operation.of(
              prefix + "-param-get",
              "Print one field",
              Answer.RECORD,
              uuid,
              name,
              optional("param-key", TEXT, "one key of a field with keys")));
      table.add(
          Operation.of(
              prefix + "-param-set",
              "Change fields: FIELD=VALUE, FIELD:KEY=VALUE",
              Answer.NOTHING,
              uuid,
              optional("values", MAP, "new values by field; short: FIELD=VALUE")));
      table.add(
          Operation.of(
              prefix + "-param-add",
              "Add to a set (param-key=VALUE) or to a map (KEY=VALUE)",
              Answer.NOTHING,
              uuid,
              name,
              optional("param-key", TEXT, "what to add to a set"),
              optional("values", MAP, "what to add to a map; short: KEY=VALUE")));
      table.add(
          Operation.of(
              prefix + "-param-remove",
              "Take a key out of a set or a map",
              Answer.NOTHING,
              uuid,
              name,
              required("param-key", TEXT, "the key")));
      table.add(Operation.of(prefix + "-param-clear", "Empty a field", Answer.NOTHING, uuid, name));
    }
  }

  private static void addDaemon(List<Operation> table) {
    table.add(
        new Operation(
            "tree",
            "sr.tree",
            "Draw disks, snapshots and what they share",
            Answer.TREE,
            List.of(optional("sr-uuid", UUID, "one SR only"))));
    table.add(
        Operation.of("metrics", "Print numbers of disks and SRs for Prometheus", Answer.METRICS));
    table.add(
        Operation.of(
            "statistics", "Print numbers of disks and SRs as JSON; see top", Answer.STATISTICS));
    table.add(Operation.of("status", "Show how the daemon is", Answer.STATUS));
    table.add(
        Operation.of("stop", "Flush and end the daemon; attached disks come back", Answer.NOTHING));
    table.add(
        new Operation("version", "api.version", "Print the version", Answer.VERSION, List.of()));
  }
}
