// SPDX-License-Identifier: Apache-2.0
package io.strata.crash.kill;

import io.strata.spi.VdiUuid;
import io.strata.toolstack.Json;
import java.io.IOException;
import java.util.Optional;
import java.util.UUID;

/// Verbs that make snapshots, or take them for something.
final class SnapshotVerbs {
  private static final int MOST_SNAPSHOTS = 8;

  private final KnownSr sr;
  private final Requests requests;
  private final Attachments attachments;
  private final DiskVerbs diskVerbs;

  SnapshotVerbs(KnownSr sr, Requests requests, Attachments attachments, DiskVerbs diskVerbs) {
    this.sr = sr;
    this.requests = requests;
    this.attachments = attachments;
    this.diskVerbs = diskVerbs;
  }

  void take(Verbs api, Disk disk, String name) throws IOException {
    if (sr.snapshots().size() >= MOST_SNAPSHOTS) {
      return;
    }
    FrozenDisk frozen = disk.model().freeze(name, disk.sizeBytes());
    Snapshot snapshot = new Snapshot(VdiUuid.random(), disk.vdi(), frozen);
    Requests.Outcome noAnswer =
        found -> {
          if (found.has(snapshot.vdi())) {
            sr.add(snapshot);
          }
        };
    Json.Members params =
        Verbs.on(disk.vdi())
            .with("new-name-label", name)
            .with("new-uuid", snapshot.vdi().toString())
            .build();
    boolean taken = requests.ask(noAnswer, () -> api.tryCall("vdi.snapshot", params)).isPresent();
    disk.model().thawed(frozen);
    if (taken) {
      sr.add(snapshot);
    }
  }

  void destroy(Verbs api, Snapshot snapshot) throws IOException {
    Requests.Outcome noAnswer =
        found -> {
          if (!found.has(snapshot.vdi())) {
            sr.remove(snapshot);
          }
        };
    Json.Members params = Verbs.on(snapshot.vdi()).build();
    if (requests.ask(noAnswer, () -> api.tryCall("vdi.destroy", params)).isPresent()) {
      sr.remove(snapshot);
    }
  }

  void makeClone(Verbs api, Snapshot snapshot, String name) throws IOException {
    if (sr.disks().size() >= DiskVerbs.MOST_DISKS) {
      return;
    }
    Disk disk = child(VdiUuid.random(), name, snapshot.look(api));
    Json.Members params =
        Verbs.on(snapshot.vdi())
            .with("new-name-label", name)
            .with("new-uuid", disk.vdi().toString())
            .build();
    diskVerbs.make(api, disk, "vdi.clone", params);
  }

  private static Disk child(VdiUuid vdi, String name, FrozenDisk source) {
    return new Disk(vdi, name, source.content(), source.sizeBytes());
  }

  /// The daemon chooses the UUID of a copy.
  void copy(Verbs api, Snapshot snapshot, String name) throws IOException {
    if (sr.disks().size() >= DiskVerbs.MOST_DISKS) {
      return;
    }
    FrozenDisk source = snapshot.look(api);
    Json.Members params =
        Verbs.on(snapshot.vdi()).with("sr-uuid", sr.uuid()).with("new-name-label", name).build();
    Optional<Json.Members> copied =
        requests.ask(
            found -> found.named(name).ifPresent(vdi -> sr.add(child(vdi, name, source))),
            () -> api.tryCall("vdi.copy", params));
    if (copied.isPresent()) {
      UUID uuid = UUID.fromString(copied.get().text("uuid"));
      Disk disk = child(new VdiUuid(uuid), name, source);
      sr.add(disk);
      attachments.attach(api, disk);
    }
  }

  /// Puts the disk of a snapshot back to it, unless that disk is gone.
  void revert(Verbs api, Snapshot snapshot) throws IOException, InterruptedException {
    Optional<Disk> origin = sr.originOf(snapshot);
    if (origin.isEmpty()) {
      return;
    }
    Disk disk = origin.get();
    FrozenDisk content = snapshot.look(api);
    attachments.detach(api, disk);
    Requests.Outcome noAnswer =
        found -> {
          disk.model().reverting(content.content());
          disk.resized(found.sizeBytes(disk.vdi()));
        };
    Json.Members params = Json.object().with("snapshot-uuid", snapshot.vdi().toString()).build();
    if (requests.ask(noAnswer, () -> api.tryCall("vdi.revert", params)).isPresent()) {
      disk.model().reverted(content.content());
      disk.resized(content.sizeBytes());
    }
    attachments.attach(api, disk);
  }
}
