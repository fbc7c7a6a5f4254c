// SPDX-License-Identifier: Apache-2.0
package io.strata.gc;

import io.strata.spi.VdiUuid;
import io.strata.spi.VhdTree.MergeSpec;
import io.strata.spi.Volume;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/// Finds what can be collected in an SR. Pure: it looks at nodes and changes nothing.
///
/// A hidden node without children is removed, and with it each hidden node that only such depend
/// on. A hidden node with one child that stays serves only that child: such nodes are merged with
/// it, a whole run at once, into the one that holds most, so that as little as possible is copied.
/// Siblings do not matter. A hidden node with several children is shared, and stays. What a disk
/// depends on that is not found for now stays as it is.
public final class GcPlanner {
  private final Map<VdiUuid, Volume> nodes = new LinkedHashMap<>();
  private final Map<VdiUuid, List<Volume>> children = new LinkedHashMap<>();
  private final Set<VdiUuid> running;

  /// Removed children first.
  private final Set<VdiUuid> orphans = new LinkedHashSet<>();

  /// What disks depend on that are not found: the node, and such a disk.
  private final Map<VdiUuid, VdiUuid> awaited = new HashMap<>();

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

  /// A disk that is not found on the storage. That may be so for now.
  ///
  /// @param parent the node it depended on when it was seen last; empty where nobody knows
  public record LostDisk(VdiUuid uuid, Optional<VdiUuid> parent) {}

  /// Plans a collection where every disk is found.
  ///
  /// @param volumes every node of the SR
  /// @param running volumes that are open for writing
  public static List<GcAction> plan(List<Volume> volumes, Set<VdiUuid> running) {
    return plan(volumes, running, List.of());
  }

  /// Plans a collection: removals, each after those of the nodes that depend on it, then the rest.
  ///
  /// @param volumes every node of the SR
  /// @param running volumes that are open for writing
  /// @param lost VHD disks that are not among the nodes
  public static List<GcAction> plan(
      List<Volume> volumes, Set<VdiUuid> running, List<LostDisk> lost) {
    return new GcPlanner(volumes, running).plan(lost);
  }

  /// The nodes that stay as they are for disks that are not found: all of them where nobody knows
  /// what such a disk depended on.
  ///
  /// @param volumes every node of the SR
  /// @param lost VHD disks that are not among the nodes
  public static Set<VdiUuid> awaited(List<Volume> volumes, List<LostDisk> lost) {
    GcPlanner planner = new GcPlanner(volumes, Set.of());
    lost.forEach(planner::await);
    return Set.copyOf(
        planner.unknownParent(lost).isPresent()
            ? planner.nodes.keySet()
            : planner.awaited.keySet());
  }

  private List<GcAction> plan(List<LostDisk> lost) {
    lost.forEach(this::await);
    Optional<String> doubt = unreadable().or(() -> unknownParent(lost));
    if (doubt.isPresent()) {
      return nodes.values().stream()
          .filter(Volume::hidden)
          .<GcAction>map(n -> new GcAction.Keep(n.uuid(), doubt.get()))
          .toList();
    }
    nodes.values().forEach(this::findOrphans);
    List<GcAction> actions = new ArrayList<>();
    for (VdiUuid orphan : orphans) {
      actions.add(
          new GcAction.Remove(
              orphan,
              Objects.requireNonNull(nodes.get(orphan)).physicalBytes(),
              "nothing needs it"));
    }
    for (Volume node : nodes.values()) {
      if (orphans.contains(node.uuid())) {
        continue;
      }
      kept(node).map(why -> new GcAction.Keep(node.uuid(), why)).ifPresent(actions::add);
      if (!servesOneChild(node)) {
        run(node).ifPresent(actions::add);
      }
    }
    return actions;
  }

  /// A VHD whose own metadata can't be read, or whose parent is nowhere, may depend on any node:
  /// nothing is touched then.
  private Optional<String> unreadable() {
    return nodes.values().stream()
        .filter(n -> n.problem().isPresent())
        .filter(n -> n.virtualSizeBytes() == 0 || n.parent().isEmpty())
        .findFirst()
        .map(n -> n.uuid() + " or its parent can't be read, and may depend on it");
  }

  /// So may a disk that is not found, and of which nobody knows where it was.
  private Optional<String> unknownParent(List<LostDisk> lost) {
    return lost.stream()
        .filter(disk -> disk.parent().map(nodes::get).isEmpty())
        .findFirst()
        .map(disk -> notFound(disk.uuid(), "may depend on it"));
  }

  private static String notFound(VdiUuid disk, String how) {
    return "VDI " + disk + " is not found, and " + how + "; vdi-forget it if it is lost";
  }

  private void await(LostDisk disk) {
    Optional<Volume> at = disk.parent().map(nodes::get);
    while (at.isPresent() && awaited.putIfAbsent(at.get().uuid(), disk.uuid()) == null) {
      at = parentOf(at.get());
    }
  }

  private void findOrphans(Volume node) {
    Optional<Volume> at = Optional.of(node);
    while (at.filter(this::needless).isPresent() && orphans.add(at.get().uuid())) {
      at = parentOf(at.get());
    }
  }

  private boolean needless(Volume node) {
    return node.hidden() && !awaited.containsKey(node.uuid()) && childrenOf(node).isEmpty();
  }

  /// Why a hidden node stays as it is.
  private Optional<String> kept(Volume node) {
    if (!node.hidden()) {
      return Optional.empty();
    }
    VdiUuid lost = awaited.get(node.uuid());
    if (lost != null) {
      return Optional.of(notFound(lost, "depends on it"));
    }
    int children = childrenOf(node).size();
    return children > 1 ? Optional.of("shared by " + children + " disks") : Optional.empty();
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
    if (run.size() < 2) {
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
    return node.hidden() && !awaited.containsKey(node.uuid()) && childrenOf(node).size() == 1;
  }

  /// The children that stay.
  private List<Volume> childrenOf(Volume node) {
    return children.getOrDefault(node.uuid(), List.of()).stream()
        .filter(child -> !orphans.contains(child.uuid()))
        .toList();
  }

  private Optional<Volume> parentOf(Volume node) {
    return node.parent().map(nodes::get);
  }
}
