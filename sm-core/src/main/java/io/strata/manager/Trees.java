// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.AttachmentRecord;
import io.strata.catalog.CatalogReader;
import io.strata.catalog.VdiRecord;
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
        attachments.getOrDefault(vdi.uuid(), List.of()));
  }
}
