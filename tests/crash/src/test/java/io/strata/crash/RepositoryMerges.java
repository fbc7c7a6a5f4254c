// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.BlockDevice;
import io.strata.gc.GcAction;
import io.strata.gc.GcPlanner;
import io.strata.spi.ErrorCode;
import io.strata.spi.Snapshots.Prepared;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.VhdTree.Absorption;
import io.strata.spi.VhdTree.Merge;
import io.strata.spi.VhdTree.MergeProgress;
import io.strata.spi.VhdTree.MergeSpec;
import io.strata.spi.Volume;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Merges in a repository that is recorded, as a collection makes them.
final class RepositoryMerges {
  private static final MergeProgress QUIET = new BreakOff(Integer.MAX_VALUE);

  private final RepositoryRig rig;

  RepositoryMerges(RepositoryRig rig) {
    this.rig = rig;
  }

  /// Follows a merge, and breaks it off when it made so many steps.
  private static final class BreakOff implements MergeProgress {
    private int steps;

    BreakOff(int steps) {
      this.steps = steps;
    }

    @Override
    public void merged(long bytes) throws StorageException {
      if (--steps < 0) {
        throw new StorageException(ErrorCode.VDI_IN_USE, "Broken off.", "Go on later.");
      }
    }

    @Override
    public void durableUpTo(int block) {}
  }

  /// Carries out what a collection would do, until nothing is left.
  void collect() throws IOException, StorageException {
    Optional<GcAction> next = next();
    while (next.isPresent()) {
      switch (next.get()) {
        case GcAction.Remove remove -> rig.delete(remove.node());
        case GcAction.MergeRun run -> merge(run.spec());
        case GcAction.MergeLeaf leaf -> throw new AssertionError("nothing is open: " + leaf);
        case GcAction.Keep keep -> throw new AssertionError("not an action: " + keep);
      }
      next = next();
    }
  }

  private Optional<GcAction> next() throws StorageException {
    return GcPlanner.plan(rig.tree().nodes(), rig.running()).stream()
        .filter(action -> !(action instanceof GcAction.Keep))
        .findFirst();
  }

  /// Merges a run, often into another node than the planner would choose, and often not at the
  /// first try.
  private void merge(MergeSpec planned) throws IOException, StorageException {
    VdiUuid target = someTarget(planned.run());
    switch (rig.random().nextInt(4)) {
      case 0 -> brokenOff(anew(planned.run(), target));
      case 1 -> cancelled(anew(planned.run(), target));
      default -> {}
    }
    toTheEnd(anew(planned.run(), target));
  }

  /// A plan of these nodes as they are now.
  private MergeSpec anew(List<VdiUuid> run, VdiUuid target) throws StorageException {
    return MergeSpec.of(volumes(run), target);
  }

  private List<Volume> volumes(List<VdiUuid> run) throws StorageException {
    Map<VdiUuid, Volume> nodes =
        rig.tree().nodes().stream().collect(Collectors.toMap(Volume::uuid, Function.identity()));
    return run.stream().map(vdi -> Optional.ofNullable(nodes.get(vdi)).orElseThrow()).toList();
  }

  private VdiUuid someTarget(List<VdiUuid> run) throws StorageException {
    List<Volume> volumes = volumes(run);
    List<VdiUuid> large =
        volumes.stream()
            .filter(v -> v.virtualSizeBytes() == volumes.getFirst().virtualSizeBytes())
            .map(Volume::uuid)
            .toList();
    return large.get(rig.random().nextInt(large.size()));
  }

  private void toTheEnd(MergeSpec spec) throws StorageException {
    rig.expect(new Intent.Coalesce(spec, false));
    try (Merge merge = rig.tree().merge(spec)) {
      merge.copy(0, QUIET);
      rig.expect(new Intent.Coalesce(spec, true));
      merge.finish();
      rig.expect(true);
    }
  }

  private void brokenOff(MergeSpec spec) throws StorageException {
    rig.expect(new Intent.Coalesce(spec, false));
    try (Merge merge = rig.tree().merge(spec)) {
      merge.copy(0, new BreakOff(rig.random().nextInt(3)));
    } catch (StorageException broken) {
      rig.expect(false);
    }
  }

  /// A user writes to the disk, or takes a snapshot of it, between copy and finish.
  private void cancelled(MergeSpec spec) throws IOException, StorageException {
    boolean visible = rig.writable().contains(spec.survivor());
    if (!visible) {
      return;
    }
    rig.expect(new Intent.Coalesce(spec, false));
    try (Merge merge = rig.tree().merge(spec)) {
      merge.copy(0, QUIET);
      rig.write(spec.survivor());
      refused(merge);
    }
  }

  private static void refused(Merge merge) {
    try {
      merge.finish();
    } catch (StorageException expected) {
      return;
    }
    throw new AssertionError("a merge whose disk was written since must not be finished");
  }

  /// Shortens the chain of a running disk: freezes what it holds, merges what is below, and takes
  /// the rest up.
  ///
  /// @return the device to go on with
  BlockDevice mergeLeaf(VdiUuid vdi, BlockDevice device) throws IOException, StorageException {
    BlockDevice current = device;
    boolean frozen = rig.random().nextBoolean();
    if (frozen) {
      current = freeze(vdi, device);
      rig.writeSome(vdi, current);
    }
    Optional<GcAction.MergeLeaf> leaf = leaf(vdi);
    if (leaf.isPresent() && leaf.get().below().size() > 1) {
      List<VdiUuid> run = leaf.get().below();
      toTheEnd(anew(run, someTarget(run)));
      refresh(vdi);
    }
    leaf = leaf(vdi);
    if (leaf.isPresent() && leaf.get().below().size() == 1 && rig.random().nextInt(3) > 0) {
      absorb(vdi, current);
    }
    return current;
  }

  private Optional<GcAction.MergeLeaf> leaf(VdiUuid vdi) throws StorageException {
    return GcPlanner.plan(rig.tree().nodes(), rig.running()).stream()
        .filter(GcAction.MergeLeaf.class::isInstance)
        .map(GcAction.MergeLeaf.class::cast)
        .filter(action -> action.volume().equals(vdi))
        .findFirst();
  }

  private BlockDevice freeze(VdiUuid vdi, BlockDevice device) throws IOException, StorageException {
    VdiUuid base = rig.uuid();
    Intent intent = new Intent.Freeze(vdi, base);
    rig.expect(intent);
    Prepared prepared = rig.tree().prepareFreeze(vdi, base);
    rig.writeUnflushed(vdi, device, intent);
    BlockDevice replacement = prepared.commit().device().orElse(device);
    rig.writeUnflushed(vdi, replacement, intent);
    prepared.release();
    rig.expect(true);
    return replacement;
  }

  /// Takes a running disk into its parent, with writes between the steps and within the copy;
  /// sometimes not to the end.
  private void absorb(VdiUuid vdi, BlockDevice device) throws IOException, StorageException {
    rig.expect(true);
    try (Absorption absorption = rig.tree().absorb(vdi)) {
      Intent intent = new Intent.Absorb(vdi, absorption.parent());
      rig.writeUnflushed(vdi, device, intent);
      absorption.begin();
      absorption.copy(new Writing(vdi, device, intent, rig.random().nextInt(8)));
      rig.writeUnflushed(vdi, device, intent);
      absorption.finish();
      rig.writeSome(vdi, device);
      rig.writeUnflushed(vdi, device);
      absorption.end();
      rig.writeUnflushed(vdi, device);
    } catch (StorageException unequal) {
      if (unequal.code() != ErrorCode.VDI_UNAVAILABLE && unequal.code() != ErrorCode.VDI_IN_USE) {
        throw unequal;
      }
    }
    rig.writeSome(vdi, device);
  }

  /// A guest that writes while a merge copies; breaks that off at a step, if it comes so far.
  private final class Writing implements MergeProgress {
    private final VdiUuid vdi;
    private final BlockDevice device;
    private final Intent intent;
    private final BreakOff breakOff;

    Writing(VdiUuid vdi, BlockDevice device, Intent intent, int mostSteps) {
      this.vdi = vdi;
      this.device = device;
      this.intent = intent;
      breakOff = new BreakOff(mostSteps);
    }

    @Override
    public void merged(long bytes) throws StorageException {
      breakOff.merged(bytes);
      try {
        rig.writeUnflushed(vdi, device, intent);
      } catch (IOException failed) {
        throw new AssertionError(failed);
      }
    }

    @Override
    public void durableUpTo(int block) {}
  }

  private void refresh(VdiUuid vdi) throws StorageException {
    Prepared prepared = rig.tree().prepareRefresh(vdi);
    prepared.commit();
    prepared.release();
  }
}
