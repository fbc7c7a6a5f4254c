// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.AttachmentRecord;
import io.strata.catalog.CatalogReader;
import io.strata.catalog.VdiRecord;
import io.strata.gc.GcAction;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The tree of an SR as the catalog knows it.
final class Trees {
  private final Map<VdiUuid, VdiRecord> byUuid = new HashMap<>();
  private final Map<VdiUuid, List<VdiRecord>> children = new HashMap<>();
  private final Map<VdiUuid, List<AttachmentRecord>> attachments = new HashMap<>();
  private final Map<VdiUuid, String> waits = new HashMap<>();
  private final List<SrTree.Node> nodes = new ArrayList<>();
  private final Set<VdiUuid> visited = new HashSet<>();

  private Trees() {}

  static SrTree of(CatalogReader reader, SrUuid sr) throws StorageException {
    reader.sr(sr);
    List<VdiRecord> vdis =
        reader.vdis(sr).stream()
            .sorted(Comparator.comparing(VdiRecord::nameLabel).thenComparing(VdiRecord::uuid))
            .toList();
    Trees trees = new Trees();
    for (AttachmentRecord attachment : reader.attachments(sr)) {
      trees.attachments.computeIfAbsent(attachment.vdi(), v -> new ArrayList<>()).add(attachment);
    }
    vdis.forEach(vdi -> trees.byUuid.put(vdi.uuid(), vdi));
    CollectionPlans.known(reader, sr).forEach(trees::note);
    List<VdiRecord> roots = new ArrayList<>();
    for (VdiRecord vdi : vdis) {
      Optional<VdiUuid> parent = vdi.parent().filter(trees.byUuid::containsKey);
      parent.ifPresentOrElse(
          p -> trees.children.computeIfAbsent(p, v -> new ArrayList<>()).add(vdi),
          () -> roots.add(vdi));
    }
    roots.forEach(root -> trees.visit(root, 0));
    // What a corrupt storage claims to be its own ancestor is shown all the same.
    vdis.forEach(vdi -> trees.visit(vdi, 0));
    return new SrTree(sr, trees.nodes);
  }

  private void note(GcAction action) {
    switch (action) {
      case GcAction.Remove a -> waits.put(a.node(), "is to be removed: " + a.reason());
      case GcAction.Keep a -> waits.put(a.node(), "stays: " + a.reason());
      case GcAction.MergeRun a -> toMerge(belowSurvivor(a.spec().run()), a.reason());
      case GcAction.MergeLeaf a -> toMerge(a.below(), a.reason() + ", which runs");
    }
  }

  private static List<VdiUuid> belowSurvivor(List<VdiUuid> run) {
    return run.subList(1, run.size());
  }

  private void toMerge(List<VdiUuid> run, String reason) {
    for (VdiUuid vdi : run) {
      if (byUuid.containsKey(vdi) && !byUuid.get(vdi).managed()) {
        waits.put(vdi, "is to be merged: " + reason);
      }
    }
  }

  /// Depth first, without recursion: a chain may be long.
  private void visit(VdiRecord root, int rootDepth) {
    record Step(VdiRecord vdi, int depth) {}
    List<Step> stack = new ArrayList<>(List.of(new Step(root, rootDepth)));
    while (!stack.isEmpty()) {
      Step step = stack.removeLast();
      if (!visited.add(step.vdi().uuid())) {
        continue;
      }
      nodes.add(node(step.vdi(), step.depth()));
      for (VdiRecord child : children.getOrDefault(step.vdi().uuid(), List.of()).reversed()) {
        stack.add(new Step(child, step.depth() + 1));
      }
    }
  }

  private SrTree.Node node(VdiRecord vdi, int depth) {
    return new SrTree.Node(
        vdi.uuid(),
        vdi.parent(),
        depth,
        vdi.nameLabel(),
        vdi.kind(),
        vdi.virtualSizeBytes(),
        vdi.physicalUtilisationBytes(),
        !vdi.managed(),
        vdi.isASnapshot(),
        vdi.snapshotOf(),
        vdi.missing() ? Optional.of("not found on the storage") : vdi.problem(),
        Optional.ofNullable(waits.get(vdi.uuid())),
        attachments.getOrDefault(vdi.uuid(), List.of()));
  }
}
