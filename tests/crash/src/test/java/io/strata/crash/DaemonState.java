// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.spi.SrUuid;
import io.strata.spi.VdiUuid;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// What users of a daemon were told, and what they asked for last.
///
/// @param sr the SR
/// @param srCertain whether its creation was acknowledged
/// @param second another SR, to which disks are moved; asked for, but for `secondCertain` maybe not
///   there
/// @param secondCertain whether its creation was acknowledged
/// @param disks every disk that is acknowledged, with what it may be as a whole
/// @param snapshots which disk each snapshot is of
/// @param attached the disk that a guest has
/// @param going a disk whose removal was asked for; where one is coming too, that takes its place:
///   exactly one of them is there
/// @param emptied snapshots whose data were to go, and whose records stay
/// @param coming what a disk holds that is made now, under whatever identity
record DaemonState(
    SrUuid sr,
    boolean srCertain,
    Optional<SrUuid> second,
    boolean secondCertain,
    Map<VdiUuid, List<DiskModel>> disks,
    Map<VdiUuid, VdiUuid> snapshots,
    Set<VdiUuid> emptied,
    Optional<Attached> attached,
    Optional<VdiUuid> going,
    Optional<DiskModel> coming) {
  DaemonState {
    emptied = Set.copyOf(emptied);
    disks = Map.copyOf(disks);
    snapshots = Map.copyOf(snapshots);
  }

  /// What disks are moved to.
  static final String SECOND_FOLDER = "second/";

  /// An SR.
  ///
  /// @param folder what its names begin with
  /// @param certain whether it must be there
  record Sr(SrUuid uuid, String folder, boolean certain) {}

  /// A disk that a guest has.
  ///
  /// @param certain whether it must be attached, and not only may
  record Attached(VdiUuid vdi, boolean certain) {}

  /// Every SR that may be there.
  List<Sr> srs() {
    Sr first = new Sr(sr, SimulatedStore.ROOT, srCertain);
    return second
        .map(other -> List.of(first, new Sr(other, SECOND_FOLDER, secondCertain)))
        .orElse(List.of(first));
  }

  /// Before anything.
  static DaemonState before(SrUuid sr) {
    return new DaemonState(
        sr,
        false,
        Optional.empty(),
        false,
        Map.of(),
        Map.of(),
        Set.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  /// Nothing is going on.
  DaemonState settled() {
    return new DaemonState(
        sr,
        true,
        second,
        second.isPresent(),
        disks,
        snapshots,
        emptied,
        attached,
        Optional.empty(),
        Optional.empty());
  }

  DaemonState making(DiskModel content) {
    return changing(Optional.empty(), Optional.of(content));
  }

  /// Whether a disk is moved.
  boolean moving() {
    return going.isPresent() && coming.isPresent();
  }

  /// A second SR is made.
  DaemonState adding(SrUuid other) {
    return new DaemonState(
        sr,
        srCertain,
        Optional.of(other),
        false,
        disks,
        snapshots,
        emptied,
        attached,
        going,
        coming);
  }

  /// A disk is moved: another one takes its place.
  DaemonState moving(VdiUuid vdi) {
    return changing(Optional.of(vdi), Optional.of(disk(vdi)));
  }

  DaemonState removing(VdiUuid vdi) {
    return changing(Optional.of(vdi), Optional.empty());
  }

  private DaemonState changing(Optional<VdiUuid> now, Optional<DiskModel> then) {
    return new DaemonState(
        sr, srCertain, second, secondCertain, disks, snapshots, emptied, attached, now, then);
  }

  /// The data of a snapshot go, and its record stays.
  DaemonState emptying(VdiUuid vdi) {
    Set<VdiUuid> next = new HashSet<>(emptied);
    next.add(vdi);
    return new DaemonState(
        sr,
        srCertain,
        second,
        secondCertain,
        disks,
        snapshots,
        next,
        attached,
        Optional.empty(),
        Optional.empty());
  }

  /// @param alternatives what the disk may be as a whole
  DaemonState with(VdiUuid vdi, DiskModel... alternatives) {
    Map<VdiUuid, List<DiskModel>> next = new TreeMap<>(disks);
    next.put(vdi, List.of(alternatives));
    return new DaemonState(
        sr, srCertain, second, secondCertain, next, snapshots, emptied, attached, going, coming);
  }

  DaemonState without(VdiUuid vdi) {
    Map<VdiUuid, List<DiskModel>> next = new TreeMap<>(disks);
    next.remove(vdi);
    Map<VdiUuid, VdiUuid> left = new TreeMap<>(snapshots);
    left.remove(vdi);
    return new DaemonState(
        sr, srCertain, second, secondCertain, next, left, emptied, attached, going, coming);
  }

  /// One of its disks is a snapshot.
  DaemonState withSnapshot(VdiUuid snapshot, VdiUuid of) {
    Map<VdiUuid, VdiUuid> next = new TreeMap<>(snapshots);
    next.put(snapshot, of);
    return new DaemonState(
        sr, srCertain, second, secondCertain, disks, next, emptied, attached, going, coming);
  }

  DaemonState attaching(Optional<Attached> now) {
    return new DaemonState(
        sr, srCertain, second, secondCertain, disks, snapshots, emptied, now, going, coming);
  }

  /// What a disk is that nothing is going on with.
  DiskModel disk(VdiUuid vdi) {
    List<DiskModel> alternatives = Optional.ofNullable(disks.get(vdi)).orElseThrow();
    if (alternatives.size() != 1) {
      throw new AssertionError("not settled: " + vdi);
    }
    return alternatives.getFirst();
  }
}
