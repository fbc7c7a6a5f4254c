// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import io.strata.vhd.ParentLink;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/// The volumes of a store, and who is whose parent by VHD UUID. Names and paths in the VHDs play no
/// part: a parent is found in this store or not at all.
///
/// Where several VHDs carry one UUID (somebody copied a file), a hidden one is taken as the parent;
/// where that leaves several, nobody knows which, and none is. Not thread-safe.
final class NodeIndex {
  private final Map<VdiUuid, Node> nodes = new TreeMap<>();
  private final Map<UUID, Set<VdiUuid>> byUuid = new HashMap<>();
  private final Map<UUID, Set<VdiUuid>> byParent = new HashMap<>();
  private final ChainVerdicts verdicts = new ChainVerdicts(this);

  /// Reads every volume; time grows linearly with their number.
  static NodeIndex load(ContainerStore store) throws IOException {
    NodeIndex index = new NodeIndex();
    for (String text : store.names()) {
      Optional<VolumeName> name = VolumeName.parse(text).filter(VolumeName::isVolume);
      if (name.isPresent()) {
        index.readAndAdd(store, name.get());
      }
    }
    return index;
  }

  /// What is deleted meanwhile is left out.
  private void readAndAdd(ContainerStore store, VolumeName name) throws IOException {
    Node node;
    try {
      node = Node.read(store, name);
    } catch (NoSuchFileException deletedMeanwhile) {
      return;
    }
    add(node);
  }

  private void add(Node node) {
    Node other = nodes.get(node.vdi());
    put(
        other == null
            ? node
            : node.withProblem("both " + other.name() + " and " + node.name() + " exist"));
  }

  void put(Node node) {
    Node old = nodes.get(node.vdi());
    if (old != null && old.tells(node)) {
      nodes.put(node.vdi(), node);
      return;
    }
    remove(node.vdi());
    nodes.put(node.vdi(), node);
    node.uuid().ifPresent(u -> byUuid.computeIfAbsent(u, _ -> new TreeSet<>()).add(node.vdi()));
    node.parent()
        .ifPresent(p -> byParent.computeIfAbsent(p.uuid(), _ -> new TreeSet<>()).add(node.vdi()));
    verdicts.forget(node);
  }

  void remove(VdiUuid vdi) {
    Node old = nodes.remove(vdi);
    if (old != null) {
      verdicts.forget(old);
      old.uuid().ifPresent(u -> drop(byUuid, u, vdi));
      old.parent().ifPresent(p -> drop(byParent, p.uuid(), vdi));
    }
  }

  private static void drop(Map<UUID, Set<VdiUuid>> map, UUID key, VdiUuid vdi) {
    Set<VdiUuid> vdis = map.get(key);
    if (vdis != null) {
      vdis.remove(vdi);
      if (vdis.isEmpty()) {
        map.remove(key);
      }
    }
  }

  Optional<Node> find(VdiUuid vdi) {
    return Optional.ofNullable(nodes.get(vdi));
  }

  /// The VHD that carries a UUID and may be a parent, where that is one.
  Optional<Node> resolve(UUID uuid) {
    List<Node> carriers = carriers(uuid);
    return carriers.size() == 1 ? Optional.of(carriers.getFirst()) : Optional.empty();
  }

  /// The VHDs that carry a UUID and may be the parent that is meant by it: hidden ones, where there
  /// are any. Of the names of one VHD the first.
  List<Node> carriers(UUID uuid) {
    List<Node> all = byUuid.getOrDefault(uuid, Set.of()).stream().map(this::get).toList();
    if (all.size() < 2) {
      return all;
    }
    List<Node> hidden = all.stream().filter(Node::hidden).toList();
    Map<Object, Node> byContainer = new LinkedHashMap<>();
    (hidden.isEmpty() ? all : hidden).forEach(n -> byContainer.putIfAbsent(n.container(), n));
    return List.copyOf(byContainer.values());
  }

  /// Whether other volumes need this one, or may.
  boolean needed(Node node) {
    return node.uuid()
        .filter(byParent::containsKey)
        .filter(uuid -> carriers(uuid).stream().anyMatch(n -> n.vdi().equals(node.vdi())))
        .isPresent();
  }

  /// The other volumes that have its UUID: copies, and second names of its VHD.
  List<Node> othersOfItsUuid(Node node) {
    return node.uuid().map(byUuid::get).orElse(Set.of()).stream()
        .filter(vdi -> !vdi.equals(node.vdi()))
        .map(this::get)
        .toList();
  }

  /// The VHDs that name this one as their parent.
  List<Node> children(Node node) {
    if (!needed(node)) {
      return List.of();
    }
    return node.uuid().map(byParent::get).orElseThrow().stream().map(this::get).toList();
  }

  /// The VHDs that name a VHD's UUID as their parent's, whoever is taken for that.
  Set<VdiUuid> namedAsParentBy(UUID uuid) {
    return byParent.getOrDefault(uuid, Set.of());
  }

  /// VHDs of whose chains nobody knows where they end: their own metadata can't be read, or their
  /// parents are nowhere, which may be for now. They may depend on any node.
  List<Node> unreadable() {
    return nodes.values().stream()
        .filter(n -> n.kind() == Volume.Kind.VHD && (n.info().isEmpty() || lacksParent(n)))
        .toList();
  }

  private boolean lacksParent(Node node) {
    return node.parent().filter(p -> resolve(p.uuid()).isEmpty()).isPresent();
  }

  /// Every volume, parents before children.
  List<Volume> volumes() {
    return nodes.values().stream()
        .sorted(
            Comparator.comparingInt((Node n) -> verdicts.of(n).depth()).thenComparing(Node::vdi))
        .map(n -> n.volume(parentVdi(n), verdicts.of(n).problem()))
        .toList();
  }

  /// The node's volume.
  Volume volume(Node node) {
    return node.volume(parentVdi(node), verdicts.of(node).problem());
  }

  List<Node> all() {
    return new ArrayList<>(nodes.values());
  }

  private Optional<VdiUuid> parentVdi(Node node) {
    return node.parent().map(ParentLink::uuid).flatMap(this::resolve).map(Node::vdi);
  }

  private Node get(VdiUuid vdi) {
    Node node = nodes.get(vdi);
    if (node == null) {
      throw new AssertionError(vdi + " is in the map of UUIDs only");
    }
    return node;
  }
}
