// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import io.strata.block.sim.LogEntry;
import java.io.IOException;
import java.util.SplittableRandom;

/// What is done to VHDs in the crash tests.
enum VhdWorkload implements CrashWorkload {
  /// All kinds of changes of one dynamic disk.
  DYNAMIC {
    @Override
    void run(VhdRig rig) throws IOException {
      changes(rig, 30);
    }
  },

  /// All kinds of changes over a parent that holds data.
  DIFFERENCING {
    @Override
    void run(VhdRig rig) throws IOException {
      fill(rig);
      rig.snapshotBetweenWrites();
      changes(rig, 24);
    }
  },

  /// Snapshots between changes.
  SNAPSHOT {
    @Override
    void run(VhdRig rig) throws IOException {
      for (int i = 0; i < 3; i++) {
        changes(rig, 6);
        rig.snapshotBetweenWrites();
      }
      rig.hideParent();
      changes(rig, 6);
    }
  },

  /// A second disk over the same base.
  CLONE {
    @Override
    void run(VhdRig rig) throws IOException {
      fill(rig);
      SectorModel base = rig.model();
      rig.snapshot();
      rig.hideParent();
      changes(rig, 6);
      rig.cloneOfParent(base);
      changes(rig, 10);
    }
  },

  /// Growth of the disk, with and without room in the BAT.
  RESIZE {
    @Override
    void run(VhdRig rig) throws IOException {
      changes(rig, 6);
      rig.resize(rig.sizeBytes() + 4096);
      changes(rig, 4);
      rig.resize(rig.sizeBytes() + 3L * VhdRig.BLOCK_BYTES);
      changes(rig, 8);
    }
  },

  /// Growth of images that hold data beyond the end of the disk, as other programs leave them: of a
  /// leaf, of a child over such a parent, and of the parent that a grown child is merged into. None
  /// of those data may ever be seen.
  BEYOND_END {
    @Override
    void run(VhdRig rig) throws IOException {
      fillToEnd(rig);
      rig.fillBeyondEnd();
      changes(rig, 3);
      rig.resize(rig.sizeBytes() + 4096);
      fillToEnd(rig);
      changes(rig, 3);
      rig.fillBeyondEnd();
      rig.snapshot();
      changes(rig, 2);
      rig.resize(rig.sizeBytes() + 4096);
      changes(rig, 2);
      rig.fillBeyondEnd();
      rig.resize(rig.sizeBytes() + VhdRig.BLOCK_BYTES + 4096L * rig.random().nextInt(2));
      changes(rig, 3);
      rig.mergeIntoParent();
      changes(rig, 3);
    }
  },

  /// Leaves over data, whose batmap calls blocks full that are not allocated: the data below are
  /// seen in those still once they are.
  STALE_BATMAP {
    @Override
    void run(VhdRig rig) throws IOException {
      fill(rig);
      for (int i = 0; i < 2; i++) {
        rig.snapshot();
        rig.callUnallocatedFull();
        changes(rig, 6);
      }
    }
  },

  /// A leaf gets its grandparent as its parent.
  RELINK {
    @Override
    void run(VhdRig rig) throws IOException {
      fill(rig);
      rig.snapshot();
      rig.snapshot();
      changes(rig, 6);
      rig.relinkToGrandparent();
      changes(rig, 6);
    }
  },

  /// A leaf over data is merged into its parent, which is written on.
  MERGE {
    @Override
    long sizeBytes() {
      return 12L * VhdRig.BLOCK_BYTES;
    }

    @Override
    void run(VhdRig rig) throws IOException {
      fill(rig);
      for (int i = 0; i < 2; i++) {
        rig.snapshot();
        fill(rig);
        changes(rig, 12);
        rig.mergeIntoParent();
        changes(rig, 4);
      }
    }
  },

  /// Images of which one footer is lost, as other programs and torn sectors leave them: opened,
  /// written, grown and edited.
  FOOTER_LOST {
    @Override
    void run(VhdRig rig) throws IOException {
      for (int i = 0; i < 4; i++) {
        changes(rig, 3);
        rig.loseFooter(rig.random().nextBoolean());
        changes(rig, 6);
      }
      rig.snapshotBetweenWrites();
      rig.loseFooter(rig.random().nextBoolean());
      rig.hideParent();
      rig.resize(rig.sizeBytes() + 3L * VhdRig.BLOCK_BYTES);
      rig.loseFooter(rig.random().nextBoolean());
      changes(rig, 4);
    }
  },

  /// A fixed disk, and a child over it.
  FIXED {
    @Override
    void create(VhdRig rig) throws IOException {
      rig.createFixed(0);
    }

    @Override
    void run(VhdRig rig) throws IOException {
      changes(rig, 24);
      rig.snapshotBetweenWrites();
      rig.hideParent();
      changes(rig, 6);
    }

    @Override
    public CrashBudget budget(CrashBudget general) {
      return inPlace(general);
    }
  },

  /// A leaf over a fixed disk, whose sectors all have their place, is merged into it: its pieces go
  /// past the page cache.
  MERGE_FIXED {
    @Override
    void create(VhdRig rig) throws IOException {
      rig.createFixed(0);
    }

    @Override
    void run(VhdRig rig) throws IOException {
      fill(rig);
      for (int i = 0; i < 2; i++) {
        rig.snapshot();
        changes(rig, 12);
        rig.mergeIntoParent();
        changes(rig, 4);
      }
    }

    @Override
    public CrashBudget budget(CrashBudget general) {
      return inPlace(general);
    }
  },

  /// Growth of fixed disks: into room that other programs left, beyond it, and of images that an
  /// earlier power cut left longer than their footer says.
  FIXED_RESIZE {
    @Override
    void create(VhdRig rig) throws IOException {
      rig.createFixed(4096 * rig.random().nextInt(3));
    }

    @Override
    void run(VhdRig rig) throws IOException {
      changes(rig, 6);
      rig.resize(rig.sizeBytes() + 512L * (1 + rig.random().nextInt(24)));
      changes(rig, 6);
      rig.growWithoutFooter(512 * (1 + rig.random().nextInt(24)));
      changes(rig, 6);
      rig.resize(rig.sizeBytes() + 512L * (1 + rig.random().nextInt(24)));
      rig.resize(rig.sizeBytes() + VhdRig.BLOCK_BYTES);
      changes(rig, 6);
    }

    @Override
    public CrashBudget budget(CrashBudget general) {
      return inPlace(general);
    }
  };

  abstract void run(VhdRig rig) throws IOException;

  /// Size of the disk at first.
  long sizeBytes() {
    return 3L * VhdRig.BLOCK_BYTES + 8192;
  }

  @Override
  public boolean hasTwin(LogEntry.Write write) {
    return FooterWrites.ofTwo(write);
  }

  @Override
  public Recording record(long seed) throws IOException {
    VhdRig rig = new VhdRig(seed, sizeBytes());
    perform(rig);
    return rig.recording();
  }

  /// Creates the disk and does everything to it.
  void perform(VhdRig rig) throws IOException {
    create(rig);
    run(rig);
  }

  void create(VhdRig rig) throws IOException {
    rig.create();
  }

  /// A fixed disk's sectors have their places from the start: a write that got lost leaves there
  /// the zeroes of growth, by the contract of a container.
  private static CrashBudget inPlace(CrashBudget general) {
    return general.withoutPoison();
  }

  private static void fill(VhdRig rig) throws IOException {
    for (int i = 0; i < 6; i++) {
      int length = 4096;
      rig.write(rig.someOffset(length), length, Durability.WRITE_BACK);
    }
    rig.flush();
  }

  /// Writes what the last block holds of the disk.
  private static void fillToEnd(VhdRig rig) throws IOException {
    int length = (int) (rig.sizeBytes() % VhdRig.BLOCK_BYTES);
    rig.write(rig.sizeBytes() - length, length, Durability.WRITE_BACK);
    rig.flush();
  }

  private static void changes(VhdRig rig, int count) throws IOException {
    for (int i = 0; i < count; i++) {
      change(rig, rig.random());
    }
    rig.flush();
  }

  private static void change(VhdRig rig, SplittableRandom random) throws IOException {
    int length = rig.someLength();
    long offset = rig.someOffset(length);
    switch (random.nextInt(16)) {
      case 0, 1, 2 -> rig.flush();
      case 3 -> rig.write(offset, length, Durability.FUA);
      case 4 -> rig.zero(offset, length, Zeroing.MAY_DEALLOCATE, Durability.WRITE_BACK);
      case 5 -> rig.zero(offset, length, Zeroing.ALLOCATE, Durability.WRITE_BACK);
      case 6 -> rig.zero(offset, length, Zeroing.MAY_DEALLOCATE, Durability.FUA);
      case 7, 8 -> rig.discard(offset, 1 + random.nextInt(12));
      case 9 -> rig.reopen();
      default -> rig.write(offset, length, Durability.WRITE_BACK);
    }
  }
}
