// SPDX-License-Identifier: Apache-2.0
package io.strata.crash.kill;

import io.strata.spi.VdiUuid;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/// What must be on the SR: the disks and snapshots that were acknowledged, and no others.
final class KnownSr {
  private final Map<VdiUuid, Disk> disks = new LinkedHashMap<>();
  private final Map<VdiUuid, Snapshot> snapshots = new LinkedHashMap<>();
  private String uuid = "";

  // Of disks that are gone.
  private long acknowledged;
  private long durable;

  void created(String sr) {
    uuid = sr;
  }

  String uuid() {
    return uuid;
  }

  Collection<Disk> disks() {
    return disks.values();
  }

  Optional<Disk> disk(VdiUuid vdi) {
    return Optional.ofNullable(disks.get(vdi));
  }

  void add(Disk disk) {
    disks.put(disk.vdi(), disk);
  }

  void remove(Disk disk) {
    disks.remove(disk.vdi());
    acknowledged += disk.model().acknowledgedCount();
    durable += disk.model().durableCount();
  }

  Collection<Snapshot> snapshots() {
    return snapshots.values();
  }

  void add(Snapshot snapshot) {
    snapshots.put(snapshot.vdi(), snapshot);
  }

  void remove(Snapshot snapshot) {
    snapshots.remove(snapshot.vdi());
  }

  /// The disk that a snapshot is of, unless it is gone.
  Optional<Disk> originOf(Snapshot snapshot) {
    return disk(snapshot.origin());
  }

  void check(FoundVdis found) {
    TreeSet<String> known = new TreeSet<>();
    for (var vdis : List.of(disks.keySet(), snapshots.keySet())) {
      vdis.forEach(vdi -> known.add(vdi.toString()));
    }
    if (!found.byUuid().keySet().equals(known)) {
      throw new Violation("known are " + known + ", there are " + found.byUuid().keySet());
    }
    found.checkWhole();
  }

  /// Changes that clients had an answer for.
  long acknowledged() {
    return acknowledged
        + disks.values().stream().mapToLong(d -> d.model().acknowledgedCount()).sum();
  }

  /// Those of them that were flushed.
  long durable() {
    return durable + disks.values().stream().mapToLong(d -> d.model().durableCount()).sum();
  }
}
