// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

import java.util.List;

/// Facet: the repository keeps VHD chains, which can be looked at and made shorter.
///
/// None of the calls changes what a VDI's data are, and a crash within them leaves every VDI as it
/// was.
public interface VhdTree {

  /// Knows which nodes are disks. Asked while the repository is locked: calls nothing of it.
  @FunctionalInterface
  interface Disks {
    boolean contains(VdiUuid node) throws StorageException;

    /// Whether there is a disk that is not found on the storage. It may depend on any node.
    default boolean anyLost() throws StorageException {
      return false;
    }

    /// The disks that depended on a node when they were seen last.
    default List<VdiUuid> children(VdiUuid node) throws StorageException {
      return List.of();
    }
  }

  /// Says who knows which nodes are disks: from now on none of them goes along with its last child,
  /// as a base does, whatever flag its image has. Until then the images alone are believed, and
  /// opening a repository removes no node.
  void disks(Disks known);

  /// Every node, parents before children.
  List<Volume> nodes() throws StorageException;

  /// Takes the hidden flag from a node that is a disk, with children or without, which damage may
  /// have set. While it is open, or something that can't be read may depend on it, nothing is
  /// changed.
  ///
  /// @return whether it has no such flag
  boolean unhide(VdiUuid volume) throws StorageException;

  /// Opens the merge of a run of nodes into one of them. A user's operation on a node of the run
  /// breaks it off.
  Merge merge(MergeSpec spec) throws StorageException;

  /// Ends a merge that a crash interrupted after its copy was complete. Idempotent.
  void resumeFinish(MergeSpec spec) throws StorageException;

  /// Makes an empty node over the VHD of a volume that is open for writing, so that what was
  /// written up to now can be merged while the guest goes on. As a snapshot that nobody gets.
  ///
  /// @param base identity for the hidden node
  Snapshots.Prepared prepareFreeze(VdiUuid volume, VdiUuid base) throws StorageException;

  /// Ends a freeze that was interrupted, or leaves no trace of it. The volume may be open.
  void recoverFreeze(VdiUuid volume, VdiUuid base) throws StorageException;

  /// Opens the merge of a volume that is open for writing into its parent, which is hidden and has
  /// no other child. A user's operation on the volume breaks it off.
  Absorption absorb(VdiUuid volume) throws StorageException;

  /// Ends a merge into the parent that was interrupted while that took the volume's place, or finds
  /// nothing to do. Idempotent.
  ///
  /// @return whether it has ended: a volume that was open then and still is writes to both
  boolean recoverAbsorption(VdiUuid volume) throws StorageException;

  /// Prepares that a volume that is open reads through the nodes that are its parents now, so that
  /// removed ones are let go. [Snapshots.Prepared#commit] needs its export to be paused.
  Snapshots.Prepared prepareRefresh(VdiUuid volume) throws StorageException;

  /// What to merge.
  ///
  /// @param run the nodes, nearest to the guest first, at least two: each but the first is hidden
  ///   and the parent of the one before it alone
  /// @param target the node whose VHD takes everything; as large a disk as the first
  /// @param survivorHidden whether the first is a hidden node
  /// @param versions the version of each node of the run when that was chosen: a run of which
  ///   another one is found is left alone. See [Volume#version]
  record MergeSpec(
      List<VdiUuid> run, VdiUuid target, boolean survivorHidden, List<String> versions) {
    public MergeSpec {
      run = List.copyOf(run);
      versions = List.copyOf(versions);
      if (run.size() < 2 || !run.contains(target)) {
        throw new IllegalArgumentException("not a run with its target: " + run + ", " + target);
      }
      if (versions.size() != run.size()) {
        throw new IllegalArgumentException(versions.size() + " versions of " + run);
      }
    }

    /// A merge of nodes as they are now.
    public static MergeSpec of(List<Volume> run, VdiUuid target) {
      return new MergeSpec(
          run.stream().map(Volume::uuid).toList(),
          target,
          run.getFirst().hidden(),
          run.stream().map(Volume::version).toList());
    }

    /// The version of a node of the run.
    public String version(VdiUuid node) {
      return versions.get(run.indexOf(node));
    }

    /// Whether this merges the same into the same: the target alone may have got some of it since.
    public boolean continues(MergeSpec earlier) {
      return run.equals(earlier.run)
          && target.equals(earlier.target)
          && survivorHidden == earlier.survivorHidden
          && run.stream()
              .allMatch(node -> node.equals(target) || version(node).equals(earlier.version(node)));
    }

    /// The node that stays, under its own name.
    public VdiUuid survivor() {
      return run.getFirst();
    }
  }

  /// A merge that is under way.
  interface Merge extends AutoCloseable {

    /// An upper bound of what [#copy] has to do, in bytes.
    long estimateBytes();

    /// An upper bound of the storage that [#copy] takes, in bytes. What it takes is given back by
    /// [#finish] only.
    long growthBytes() throws StorageException;

    /// Copies, while guests read and write. May be repeated, and broken off.
    ///
    /// @param fromBlock 0, or where an earlier try got to
    void copy(int fromBlock, MergeProgress progress) throws StorageException;

    /// Sees to it that nothing stands against [#finish]: neither the run nor anything that is to be
    /// changed with it is in other hands. The SR is the caller's alone, until after [#finish].
    ///
    /// @throws StorageException it can't be finished, and nothing was changed
    void ready() throws StorageException;

    /// Puts the run's content under the survivor's name alone and removes the others. The SR is the
    /// caller's alone; guests go on. After a crash within it, [VhdTree#resumeFinish] follows.
    void finish() throws StorageException;

    /// Releases what the merge holds open.
    @Override
    void close();
  }

  /// The merge of a volume that a guest writes to into its parent. It ends however much the guest
  /// writes: that goes to both.
  interface Absorption extends AutoCloseable {

    /// The node that the volume is merged into, and that is gone afterwards.
    VdiUuid parent();

    /// Has every change made in both from here on. The volume's export is at rest.
    void begin() throws StorageException;

    /// Copies what the volume held itself, while the guest goes on. May be broken off.
    void copy(MergeProgress progress) throws StorageException;

    /// Makes the parent's VHD the volume's. The SR is the caller's alone; the guest goes on.
    void finish() throws StorageException;

    /// Breaks off what was not finished, without harm.
    ///
    /// @throws StorageException the parent has taken the volume's place, or may have: once the
    ///   volume is closed, [VhdTree#recoverAbsorption] follows
    void abandon() throws StorageException;

    /// Has changes made in the one VHD that is left. The volume's export is at rest.
    void end() throws StorageException;

    /// Lets go of the former VHD; abandons what was not finished.
    @Override
    void close();
  }

  /// Follows a merge.
  @FunctionalInterface
  interface MergeProgress {
    /// Bytes merged since the last call. May wait, to limit the rate.
    ///
    /// @throws StorageException to break the merge off
    void merged(long bytes) throws StorageException;

    /// Everything before this block is durable.
    default void durableUpTo(int block) throws StorageException {}
  }
}
