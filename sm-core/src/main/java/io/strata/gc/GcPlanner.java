// SPDX-License-Identifier: Apache-2.0
package io.strata.gc;

import io.strata.spi.VdiUuid;
import io.strata.spi.VhdTree.MergeSpec;
import io.strata.spi.Volume;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Finds what can be collected in an SR. Pure: it looks at nodes and changes nothing.
///
/// A hidden node without children is removed. A hidden node with one child serves only that child:
/// such nodes are merged with it, a whole run at once, into the one that holds most, so that as
/// little as possible is copied. Siblings do not matter. A hidden node with several children is
/// shared, and stays.
public final class GcPlanner {
  private final Map<VdiUuid, Volume> nodes = new LinkedHashMap<>();
  private final Map<VdiUuid, List<Volume>> children = new LinkedHashMap<>();
  private final Set<VdiUuid> running;

  private GcPlanner(List<Volume> volumes, Set<VdiUuid> running) {
    this.running = running;
    for (Volume volume : volumes) {
      nodes.put(volume.uuid(), volume);
    }
    for (Volume volume : volumes) {
      volume
          .parent()
          .ifPresent(p -> children.computeIfAbsent(p, _ -> new ArrayList<>()).add(volume));
    }
  }

  /// Plans a collection.
  ///
  /// @param volumes every node of the SR
  /// @param running volumes that are open for writing
  public static List<GcAction> plan(List<Volume> volumes, Set<VdiUuid> running) {
    return new GcPlanner(volumes, running).plan();
  }

  private List<GcAction> plan() {
    List<GcAction> actions = new ArrayList<>();
    // A VHD whose own metadata can't be read, or whose parent is nowhere, may depend on any node:
    // nothing is touched then.
    Optional<Volume> unreadable =
        nodes.values().stream()
            .filter(n -> n.problem().isPresent())
            .filter(n -> n.virtualSizeBytes() == 0 || n.parent().isEmpty())
            .findFirst();
    for (Volume node : nodes.values()) {
      if (node.hidden() && childrenOf(node).isEmpty()) {
        actions.add(orphan(node, unreadable));
      } else if (node.hidden() && childrenOf(node).size() > 1) {
        actions.add(
            new GcAction.Keep(node.uuid(), "shared by " + childrenOf(node).size() + " disks"));
      }
      if (unreadable.isPresent() && servesOneChild(node)) {
        actions.add(unknown(node, unreadable.get()));
      }
      if (unreadable.isEmpty() && !servesOneChild(node)) {
        run(node).ifPresent(actions::add);
      }
    }
    return actions;
  }

  private static GcAction orphan(Volume node, Optional<Volume> unreadable) {
    return unreadable.isPresent()
        ? unknown(node, unreadable.get())
        : new GcAction.Remove(node.uuid(), node.physicalBytes(), "nothing needs it");
  }

  private static GcAction unknown(Volume node, Volume unreadable) {
    return new GcAction.Keep(
        node.uuid(), unreadable.uuid() + " or its parent can't be read, and may depend on it");
  }

  /// The run whose nearest node this is, if there is more of it.
  private Optional<GcAction> run(Volume nearest) {
    List<Volume> run = new ArrayList<>();
    run.add(nearest);
    Optional<Volume> next = parentOf(nearest).filter(this::servesOneChild);
    while (next.isPresent()) {
      run.add(next.get());
      next = parentOf(next.get()).filter(this::servesOneChild);
    }
    if (run.size() < 2 || (nearest.hidden() && childrenOf(nearest).isEmpty())) {
      return Optional.empty();
    }
    Optional<Volume> broken = run.stream().filter(n -> n.problem().isPresent()).findFirst();
    if (broken.isPresent()) {
      return Optional.of(
          new GcAction.Keep(
              run.get(1).uuid(),
              broken.get().uuid() + " can't be read: " + broken.get().problem().orElse("")));
    }
    Volume target = target(run);
    long bytes = run.stream().filter(n -> !n.equals(target)).mapToLong(Volume::physicalBytes).sum();
    List<VdiUuid> uuids = run.stream().map(Volume::uuid).toList();
    String reason =
        (run.size() - 1)
            + " hidden "
            + (run.size() == 2 ? "node serves" : "nodes serve")
            + " only "
            + nearest.uuid();
    return Optional.of(
        running.contains(nearest.uuid())
            ? new GcAction.MergeLeaf(nearest.uuid(), uuids.subList(1, uuids.size()), bytes, reason)
            : new GcAction.MergeRun(MergeSpec.of(run, target.uuid()), bytes, reason));
  }

  /// The node that holds most, among those that are as large as the nearest: nothing larger is
  /// copied then.
  public static Volume target(List<Volume> run) {
    return run.stream()
        .filter(n -> n.virtualSizeBytes() == run.getFirst().virtualSizeBytes())
        .max(Comparator.comparingLong(Volume::physicalBytes))
        .orElseThrow();
  }

  private boolean servesOneChild(Volume node) {
    return node.hidden() && childrenOf(node).size() == 1;
  }

  private List<Volume> childrenOf(Volume node) {
    return children.getOrDefault(node.uuid(), List.of());
  }

  private Optional<Volume> parentOf(Volume node) {
    return node.parent().map(nodes::get);
  }
}
