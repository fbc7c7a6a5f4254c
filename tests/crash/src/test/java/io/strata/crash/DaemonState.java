// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.spi.SrUuid;
import io.strata.spi.VdiUuid;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// What users of a daemon were told, and what they asked for last.
///
/// @param sr the SR
/// @param srCertain whether its creation was acknowledged
/// @param disks every disk that is acknowledged, with what it may hold
/// @param grownBytes the size that a disk was acknowledged to have, where it grew
/// @param going a disk whose removal was asked for
/// @param coming what a disk holds that is made now, under whatever identity
record DaemonState(
    SrUuid sr,
    boolean srCertain,
    Map<VdiUuid, SectorModel> disks,
    Map<VdiUuid, Long> grownBytes,
    Optional<VdiUuid> going,
    Optional<SectorModel> coming) {
  DaemonState {
    disks = Map.copyOf(disks);
    grownBytes = Map.copyOf(grownBytes);
  }

  /// Before anything.
  static DaemonState before(SrUuid sr) {
    return new DaemonState(sr, false, Map.of(), Map.of(), Optional.empty(), Optional.empty());
  }

  /// Nothing is going on.
  DaemonState settled() {
    return new DaemonState(sr, true, disks, grownBytes, Optional.empty(), Optional.empty());
  }

  DaemonState making(SectorModel content) {
    return new DaemonState(
        sr, srCertain, disks, grownBytes, Optional.empty(), Optional.of(content));
  }

  DaemonState removing(VdiUuid vdi) {
    return new DaemonState(sr, srCertain, disks, grownBytes, Optional.of(vdi), Optional.empty());
  }

  DaemonState with(VdiUuid vdi, SectorModel content) {
    Map<VdiUuid, SectorModel> next = new TreeMap<>(disks);
    next.put(vdi, content);
    return new DaemonState(sr, srCertain, next, grownBytes, going, coming);
  }

  DaemonState without(VdiUuid vdi) {
    Map<VdiUuid, SectorModel> next = new TreeMap<>(disks);
    next.remove(vdi);
    return new DaemonState(sr, srCertain, next, grownBytes, going, coming);
  }

  /// @param sizeBytes none: any size again
  DaemonState grown(VdiUuid vdi, Optional<Long> sizeBytes) {
    Map<VdiUuid, Long> next = new TreeMap<>(grownBytes);
    next.remove(vdi);
    sizeBytes.ifPresent(bytes -> next.put(vdi, bytes));
    return new DaemonState(sr, srCertain, disks, next, going, coming);
  }

  SectorModel disk(VdiUuid vdi) {
    return Optional.ofNullable(disks.get(vdi)).orElseThrow();
  }
}
