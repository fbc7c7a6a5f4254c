// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.spi.VdiUuid;
import io.strata.vhd.ParentLink;
import io.strata.vhd.VhdChain;
import io.strata.vhd.VhdInfo;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/// Whether each volume's chain of parents is whole. Each node is judged once, until it or one that
/// it depends on changes.
final class ChainVerdicts {
  private final NodeIndex index;
  private final Map<VdiUuid, Verdict> judged = new HashMap<>();

  /// @param depth images in the chain, from 1
  /// @param problem why the chain can't be opened
  record Verdict(int depth, Optional<String> problem) {}

  ChainVerdicts(NodeIndex index) {
    this.index = index;
  }

  /// To be called when a node comes, goes or changes: its verdict is void, and so are those of all
  /// that depend on the VHD that it is. What nobody has judged needs no visit, nor what is above
  /// it: a node is judged after its parents.
  void forget(Node node) {
    judged.remove(node.vdi());
    Deque<UUID> changed = new ArrayDeque<>();
    node.uuid().ifPresent(changed::add);
    while (!changed.isEmpty()) {
      for (VdiUuid child : index.namedAsParentBy(changed.pop())) {
        if (judged.remove(child) != null) {
          index.find(child).flatMap(Node::uuid).ifPresent(changed::push);
        }
      }
    }
  }

  Verdict of(Node node) {
    Deque<Node> path = new ArrayDeque<>();
    Set<VdiUuid> onPath = new HashSet<>();
    Node at = node;
    while (!judged.containsKey(at.vdi())) {
      if (!onPath.add(at.vdi())) {
        String cycle = "its chain of parents leads back to " + at.name();
        path.forEach(n -> judged.put(n.vdi(), new Verdict(1, Optional.of(cycle))));
        break;
      }
      path.push(at);
      Optional<Node> parent = at.parent().map(ParentLink::uuid).flatMap(index::resolve);
      if (parent.isEmpty()) {
        break;
      }
      at = parent.get();
    }
    path.forEach(n -> judged.computeIfAbsent(n.vdi(), _ -> judge(n)));
    Verdict verdict = judged.get(node.vdi());
    return verdict == null ? judge(node) : verdict;
  }

  /// Judges a node whose parent is judged already.
  private Verdict judge(Node node) {
    Optional<ParentLink> link = node.parent();
    if (link.isEmpty()) {
      return new Verdict(1, node.problem());
    }
    List<Node> found = index.carriers(link.get().uuid());
    if (found.size() != 1) {
      return new Verdict(1, Optional.of(noParent(link.get().uuid(), found)));
    }
    Node parent = found.getFirst();
    Verdict above = judged.getOrDefault(parent.vdi(), new Verdict(1, Optional.empty()));
    int depth = above.depth() + 1;
    if (above.problem().isPresent()) {
      String text = above.problem().get();
      boolean own = parent.problem().isPresent();
      return new Verdict(
          depth, Optional.of(own ? "its parent " + parent.name() + ": " + text : text));
    }
    if (depth > VhdChain.MOST_LAYERS) {
      return new Verdict(
          depth, Optional.of("its chain is longer than " + VhdChain.MOST_LAYERS + " images"));
    }
    return new Verdict(depth, mismatch(node, link.get(), parent));
  }

  private static String noParent(UUID uuid, List<Node> found) {
    return "its parent, the VHD "
        + uuid
        + ", is "
        + (found.isEmpty()
            ? "not in this SR"
            : "any of several copies here, of which all but one must go: "
                + found.stream().map(Node::name).collect(Collectors.joining(", ")));
  }

  private static Optional<String> mismatch(Node child, ParentLink link, Node parent) {
    if (parent.sizeBytes() > child.sizeBytes()) {
      return Optional.of(
          "its parent "
              + parent.name()
              + " is larger: "
              + parent.sizeBytes()
              + " bytes, not "
              + child.sizeBytes());
    }
    int timestamp = parent.info().map(VhdInfo::timestamp).orElse(0);
    if (Integer.compareUnsigned(timestamp, link.timestamp()) > 0) {
      return Optional.of(
          "its parent "
              + parent.name()
              + " was changed since: timestamp "
              + Integer.toUnsignedString(timestamp)
              + ", expected "
              + Integer.toUnsignedString(link.timestamp()));
    }
    return Optional.empty();
  }
}
