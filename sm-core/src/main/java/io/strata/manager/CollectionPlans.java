// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.AttachmentRecord;
import io.strata.catalog.CatalogReader;
import io.strata.catalog.VdiRecord;
import io.strata.gc.GcAction;
import io.strata.gc.GcPlanner;
import io.strata.gc.GcPlanner.LostDisk;
import io.strata.spi.AccessMode;
import io.strata.spi.ErrorCode;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.VhdTree;
import io.strata.spi.VhdTree.MergeSpec;
import io.strata.spi.Volume;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// What is to be collected in an SR as it is now.
final class CollectionPlans {
  private final Core core;

  CollectionPlans(Core core) {
    this.core = core;
  }

  /// What a collection would do now, and what it leaves and why. Empty for SRs without VHD chains.
  List<GcAction> plan(SrUuid sr) throws StorageException {
    try (var _ = core.locks().sr(sr, "sr-gc")) {
      Optional<VhdTree> tree = core.plugged().require(sr).vhdTree();
      if (tree.isEmpty()) {
        return List.of();
      }
      List<Volume> nodes = tree.get().nodes();
      List<VdiRecord> known = core.catalog().read(r -> r.vdis(sr));
      Set<VdiUuid> disks = disks(known);
      List<GcAction> actions = new ArrayList<>();
      for (Volume node : nodes) {
        if (node.hidden() && disks.contains(node.uuid())) {
          actions.add(new GcAction.Keep(node.uuid(), "marked as hidden, and yet a disk: sr-check"));
        }
      }
      actions.addAll(
          GcPlanner.plan(
              nodes.stream().map(n -> disks.contains(n.uuid()) ? n.withHidden(false) : n).toList(),
              running(sr),
              lost(known, nodes)));
      return actions;
    }
  }

  /// What a collection would do by what the catalog knows: nothing waits for the storage.
  static List<GcAction> known(CatalogReader reader, SrUuid sr) throws StorageException {
    List<VdiRecord> known = reader.vdis(sr);
    List<Volume> nodes =
        known.stream()
            .filter(vdi -> vdi.kind() == Volume.Kind.VHD && !vdi.missing())
            .map(vdi ->
                new Volume(
                    vdi.uuid(),
                    vdi.kind(),
                    vdi.virtualSizeBytes(),
                    vdi.physicalUtilisationBytes(),
                    !vdi.managed(),
                    vdi.parent(),
                    "",
                    vdi.problem()))
            .toList();
    return GcPlanner.plan(nodes, running(reader, sr), lost(known, nodes));
  }

  /// The disks with chains that are not among the nodes.
  private static List<LostDisk> lost(List<VdiRecord> known, List<Volume> nodes) {
    Set<VdiUuid> found = nodes.stream().map(Volume::uuid).collect(Collectors.toSet());
    return known.stream()
        .filter(vdi -> vdi.holdsDisk() && vdi.kind() == Volume.Kind.VHD)
        .filter(vdi -> !VdiRecords.neverRead(vdi))
        .filter(vdi -> !found.contains(vdi.uuid()))
        .map(vdi -> new LostDisk(vdi.uuid(), vdi.parent()))
        .toList();
  }

  private static Set<VdiUuid> running(CatalogReader reader, SrUuid sr) throws StorageException {
    return reader.attachments(sr).stream()
        .filter(a -> a.mode() == AccessMode.RW)
        .map(AttachmentRecord::vdi)
        .collect(Collectors.toUnmodifiableSet());
  }

  /// What the catalog knows as a disk or a snapshot with data.
  private static Set<VdiUuid> disks(List<VdiRecord> known) {
    return known.stream()
        .filter(VdiRecord::holdsDisk)
        .map(VdiRecord::uuid)
        .collect(Collectors.toUnmodifiableSet());
  }

  /// The volumes that guests may write to.
  Set<VdiUuid> running(SrUuid sr) throws StorageException {
    return core.catalog().read(r -> running(r, sr));
  }

  /// What is to be done about a running leaf, if anything.
  Optional<GcAction.MergeLeaf> leaf(SrUuid sr, VdiUuid volume) throws StorageException {
    return plan(sr).stream()
        .filter(GcAction.MergeLeaf.class::isInstance)
        .map(GcAction.MergeLeaf.class::cast)
        .filter(a -> a.volume().equals(volume))
        .findFirst();
  }

  /// A merge of these neighbours, from the top down, into the one that takes least work.
  MergeSpec run(SrUuid sr, List<VdiUuid> neighbours) throws StorageException {
    Map<VdiUuid, Volume> nodes =
        tree(sr).nodes().stream().collect(Collectors.toMap(Volume::uuid, v -> v));
    List<Volume> volumes = new ArrayList<>();
    for (VdiUuid vdi : neighbours) {
      volumes.add(Optional.ofNullable(nodes.get(vdi)).orElseThrow(() -> changed(sr)));
    }
    return MergeSpec.of(volumes, GcPlanner.target(volumes).uuid());
  }

  /// A disk that depends on a run may have got lost since it was planned, and comes back to what it
  /// depended on. The caller holds the SR.
  void requireNotAwaited(SrUuid sr, List<VdiUuid> run) throws StorageException {
    List<Volume> nodes = tree(sr).nodes();
    List<LostDisk> lost = lost(core.catalog().read(r -> r.vdis(sr)), nodes);
    if (!Collections.disjoint(GcPlanner.awaited(nodes, lost), run)) {
      throw changed(sr);
    }
  }

  VhdTree tree(SrUuid sr) throws StorageException {
    return core.plugged().require(sr).vhdTree().orElseThrow(() -> changed(sr));
  }

  static StorageException changed(SrUuid sr) {
    return new StorageException(
        ErrorCode.SR_UNAVAILABLE,
        "SR " + sr + " changed while it was collected.",
        "Nothing needs to be done: the next collection goes on.");
  }
}
