// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.block.Container;
import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.VhdTree;
import io.strata.spi.Volume.Kind;
import io.strata.vhd.ParentLink;
import io.strata.vhd.ParentResolver;
import io.strata.vhd.VhdChain;
import io.strata.vhd.VhdCreator;
import io.strata.vhd.VhdEditor;
import io.strata.vhd.VhdInfo;
import io.strata.vhd.VhdRejectedException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;

/// A store, what is in it, and which of that is open: what every operation on volumes works with,
/// and the small steps they are made of.
///
/// Guarded by the repository's lock, except `open` and `releases`, which guard themselves.
final class VolumeShelf {
  private static final Logger LOG = System.getLogger(VolumeShelf.class.getName());

  final ContainerStore store;
  final OpenVolumes open = new OpenVolumes();
  final Releases releases = new Releases();

  /// Merges that are under way.
  final List<MergeUnderWay> merges = new ArrayList<>();

  private NodeIndex index;
  private long changes;

  private volatile VhdTree.Disks disks = _ -> false;

  /// Writes a new image into an empty container.
  @FunctionalInterface
  interface Draft {
    void write(Container container) throws IOException;
  }

  /// Clears the hidden flag of a draft, durably.
  @FunctionalInterface
  interface Showing {
    void run() throws IOException;
  }

  VolumeShelf(ContainerStore store) throws IOException {
    this.store = store;
    index = NodeIndex.load(store);
  }

  NodeIndex index() {
    return index;
  }

  void disks(VhdTree.Disks known) {
    disks = known;
  }

  /// Whether a node is a disk, or may be one.
  boolean mayBeDisk(VdiUuid node) {
    try {
      return disks.contains(node);
    } catch (StorageException e) {
      LOG.log(Level.WARNING, "Node {0} is taken for a disk: {1}", node, e.getMessage());
      return true;
    }
  }

  /// Why a node that nobody seems to need may be needed all the same: a VHD that can't be read, or
  /// whose parent can't be found, may depend on any node, and so may a disk that is not found.
  ///
  /// @param going a disk that goes, and needs nothing any more
  Optional<String> doubt(VdiUuid node, VdiUuid going) {
    List<Node> unreadable = index.unreadable();
    if (!unreadable.isEmpty()) {
      return Optional.of(
          unreadable.getFirst().name() + " or its parent can't be read and may depend on it");
    }
    return anyLost() || awaited(node, going)
        ? Optional.of("a disk of the SR is not found and may depend on it")
        : Optional.empty();
  }

  /// Whether there may be a disk that is not found.
  boolean anyLost() {
    try {
      return disks.anyLost();
    } catch (StorageException e) {
      return unknown(e);
    }
  }

  /// Whether a disk that is not found for now may depend on a node. No scan need have noticed that.
  ///
  /// @param going a disk that goes, and needs nothing any more
  boolean awaited(VdiUuid node, VdiUuid going) {
    try {
      return disks.children(node).stream()
          .anyMatch(disk -> !disk.equals(going) && index.find(disk).isEmpty());
    } catch (StorageException e) {
      return unknown(e);
    }
  }

  private static boolean unknown(StorageException e) {
    LOG.log(Level.WARNING, "A disk is taken for lost: {0}", e.getMessage());
    return true;
  }

  /// A VHD that becomes a parent, or is one, must be the only one that its children can mean.
  void requireUuidOfItsOwn(Node node) throws StorageException {
    List<String> copies =
        index.othersOfItsUuid(node).stream()
            .filter(other -> !other.container().equals(node.container()))
            .map(Node::name)
            .toList();
    if (!copies.isEmpty()) {
      throw new StorageException(
          ErrorCode.VDI_UNAVAILABLE,
          "VDI "
              + node.vdi()
              + " is not the only VHD here with the UUID "
              + node.uuid().map(UUID::toString).orElse("")
              + ": so is "
              + String.join(", ", copies)
              + ", as where a file was copied.",
          "Copy what you want to keep with vdi-copy, which gives a UUID of its own, and take the"
              + " copied file out of the SR; then run sr-scan.");
    }
  }

  /// Counts the changes of the index, so that a scan alongside notices them.
  long changes() {
    return changes;
  }

  void index(NodeIndex fresh) {
    index = fresh;
  }

  /// Reads a volume's metadata again, and knows it by that.
  Optional<Node> refresh(VdiUuid vdi) throws IOException {
    changes++;
    for (VolumeName.Role role : List.of(VolumeName.Role.VHD, VolumeName.Role.RAW)) {
      String name = new VolumeName(vdi, role).text();
      if (store.exists(name)) {
        Node node = Node.read(store, new VolumeName(vdi, role));
        index.put(node);
        return Optional.of(node);
      }
    }
    index.remove(vdi);
    return Optional.empty();
  }

  /// Breaks off merges that work on a volume which a user's operation is about to change.
  void cancelMerges(VdiUuid vdi) throws IOException {
    cancelMerges(merge -> merge.concerns(vdi));
  }

  /// Breaks off all merges.
  void cancelMerges() throws IOException {
    cancelMerges(_ -> true);
  }

  private void cancelMerges(Predicate<MergeUnderWay> those) throws IOException {
    for (MergeUnderWay merge : List.copyOf(merges)) {
      if (those.test(merge) && merge.cancel()) {
        merges.remove(merge);
      }
    }
  }

  /// Two merges that write to one image, or one that gives another parent to what the other writes
  /// to, would each undo what the other did.
  void requireUnused(Collection<VdiUuid> nodes, Optional<MergeUnderWay> except)
      throws StorageException {
    for (MergeUnderWay merge : merges) {
      if (except.filter(merge::equals).isPresent()) {
        continue;
      }
      for (VdiUuid node : nodes) {
        if (merge.uses(node)) {
          throw new StorageException(
              ErrorCode.VDI_IN_USE,
              "Node " + node + " is being merged already.",
              "Nothing needs to be done: the next collection plans anew.");
        }
      }
    }
  }

  /// The volume, which must be there.
  Node require(VdiUuid vdi) throws IOException, StorageException {
    return refresh(vdi)
        .orElseThrow(() ->
            StoreFailures.missing("There is no volume " + vdi + " in " + store.location() + "."));
  }

  /// The volume, which must be a VHD that can be read.
  Node requireVhd(VdiUuid vdi, ErrorCode otherwise) throws IOException, StorageException {
    Node node = require(vdi);
    if (node.kind() != Kind.VHD) {
      throw new StorageException(
          otherwise,
          "VDI " + vdi + " is a raw volume, which can't share data with others.",
          "Copy it to a VHD volume first.");
    }
    requireSound(node);
    return node;
  }

  void requireSound(Node node) throws IOException, StorageException {
    Optional<String> problem = index.volume(node).problem();
    if (problem.isPresent()) {
      throw new StorageException(
          ErrorCode.VDI_LOAD,
          "VDI " + node.vdi() + " can't be used: " + problem.get() + ".",
          store.exists(VolumeName.draft(node.vdi()))
              ? "An operation on it was interrupted: detach it, then run sr-scan, which ends that."
              : "Restore the file from a backup, then scan the SR again; other VDIs are not affected.");
    }
  }

  /// Finds parents by UUID in this store only.
  ParentResolver parents() {
    return this::openParent;
  }

  private Container openParent(ParentLink link, String child) throws IOException {
    Optional<Node> parent = index.resolve(link.uuid());
    if (parent.isEmpty()) {
      throw new VhdRejectedException(
          child + " needs the VHD " + link.uuid() + " as its parent, which is not in this SR");
    }
    return store.open(parent.get().name(), false);
  }

  /// As [#refresh], for where what the image says decides what becomes of it, or of others: one
  /// that can't be read just now does not say what it needs.
  Optional<Node> readable(VdiUuid vdi) throws IOException {
    Optional<Node> node = refresh(vdi);
    if (node.isPresent() && node.get().problem().isPresent()) {
      throw new IOException(node.get().name() + " can't be read: " + node.get().problem().get());
    }
    return node;
  }

  /// Opens a VHD volume with its parents.
  VhdChain openChain(Node node, boolean writable) throws IOException {
    return VhdChain.open(store.open(node.name(), writable), writable, parents());
  }

  /// Makes a draft of a volume, flushed; one that is left from before is replaced.
  void draft(VdiUuid vdi, Draft content) throws IOException {
    String name = VolumeName.draft(vdi);
    store.delete(name);
    try (Container container = store.create(name)) {
      content.write(container);
    } catch (IOException | RuntimeException failed) {
      dropDraft(vdi, failed);
      throw failed;
    }
  }

  /// Makes drafts of several volumes, flushed together, which costs little more than one: their
  /// content is on its way before the first flush, so that one commit of a filesystem's journal
  /// serves all.
  void drafts(Map<VdiUuid, Draft> contents) throws IOException {
    List<Container> made = new ArrayList<>();
    try {
      for (Map.Entry<VdiUuid, Draft> draft : contents.entrySet()) {
        String name = VolumeName.draft(draft.getKey());
        store.delete(name);
        Container container = store.create(name);
        made.add(container);
        draft.getValue().write(new DraftContainer(container));
      }
      for (Container container : made) {
        container.writeback(0, container.sizeBytes());
      }
      for (Container container : made) {
        container.flush();
      }
      closeAll(made);
    } catch (IOException | RuntimeException failed) {
      try {
        closeAll(made);
      } catch (IOException alsoFailed) {
        failed.addSuppressed(alsoFailed);
      }
      contents.keySet().forEach(vdi -> dropDraft(vdi, failed));
      throw failed;
    }
  }

  private static void closeAll(List<Container> containers) throws IOException {
    IOException failure = null;
    for (Container container : containers) {
      try {
        container.close();
      } catch (IOException failed) {
        failure = failed;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /// Removes a volume's draft; one that may be what the volume lacks is kept. A merge of a running
  /// volume that was cut off leaves the merged parent as the draft, and neither need be readable
  /// now.
  void dropDraft(VdiUuid vdi) throws IOException {
    String draft = VolumeName.draft(vdi);
    Optional<String> lacking = index.find(vdi).flatMap(node -> index.volume(node).problem());
    if (lacking.isPresent() && store.exists(draft)) {
      LOG.log(
          Level.WARNING,
          "VDI {0}: its draft {1} is kept, since the VDI can''t be used: {2}",
          vdi,
          draft,
          lacking.get());
      return;
    }
    store.delete(draft);
  }

  private void dropDraft(VdiUuid vdi, Exception failed) {
    try {
      store.delete(VolumeName.draft(vdi));
    } catch (IOException alsoFailed) {
      failed.addSuppressed(alsoFailed);
    }
  }

  /// Makes a draft that reads as a VHD that does not change any more, or is not open; for recovery.
  void draftOver(VdiUuid vdi, Node parent, String parentName) throws IOException {
    draft(
        vdi,
        container -> {
          over(parent, parentName).write(container);
          // Barrier: a change of parent may make the image grow, which leaves the footer at the end
          // behind.
          container.flush();
        });
  }

  /// An image that reads as a VHD that does not change any more, or is not open.
  Draft over(Node parent, String parentName) {
    return container -> {
      try (Container below = store.open(parent.name(), false)) {
        VhdCreator.differencing(container, UUID.randomUUID(), below, parentName);
      }
    };
  }

  /// Puts a draft in its volume's place. Not synced.
  void publish(VdiUuid vdi) throws IOException {
    store.replace(VolumeName.draft(vdi), VolumeName.vhd(vdi));
    refresh(vdi);
  }

  /// Puts a base that was made the volume's draft, and holds all that the volume shows, in the
  /// volume's place.
  void promote(VdiUuid vdi) throws IOException {
    promote(vdi, () -> setHidden(VolumeName.draft(vdi), false));
  }

  /// As [#promote(VdiUuid)], where the base is open.
  void promote(VdiUuid vdi, Showing showing) throws IOException {
    // Barrier: the base has no name of its own any more before it stops being hidden.
    store.sync();
    showing.run();
    publish(vdi);
    // Barrier: what is acknowledged from now on is in the VHD that the volume's name means.
    store.sync();
  }

  /// Sets or clears the hidden flag of a volume.
  void hide(VdiUuid vdi, boolean hidden) throws IOException {
    setHidden(VolumeName.vhd(vdi), hidden);
    refresh(vdi);
  }

  /// Sets or clears the hidden flag of a volume. What fails is done once more from its first write
  /// on, in an image that is opened anew: no flush is repeated.
  void hideOrTryAgain(VdiUuid vdi, boolean hidden) throws IOException {
    try {
      hide(vdi, hidden);
    } catch (IOException failed) {
      try {
        hide(vdi, hidden);
      } catch (IOException again) {
        again.addSuppressed(failed);
        throw again;
      }
    }
  }

  /// Sets or clears the hidden flag of a VHD.
  void setHidden(String name, boolean hidden) throws IOException {
    try (Container container = store.open(name, true)) {
      VhdEditor.setHidden(container, hidden);
    }
  }

  /// The metadata of a container that may be absent or broken.
  Optional<VhdInfo> info(String name) throws IOException {
    if (!store.exists(name)) {
      return Optional.empty();
    }
    try (Container container = store.open(name, false)) {
      return Optional.of(VhdInfo.read(container));
    } catch (IOException broken) {
      return Optional.empty();
    }
  }
}
