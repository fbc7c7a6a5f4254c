// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.BlockDevice;
import io.strata.block.sim.FaultPlan;
import io.strata.block.sim.IoKind;
import io.strata.spi.AccessMode;
import io.strata.spi.Snapshots.Prepared;
import io.strata.spi.Snapshots.SnapshotSpec;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.VhdTree.Absorption;
import io.strata.spi.VhdTree.MergeProgress;
import io.strata.spi.Volume.Kind;
import io.strata.spi.VolumeSpec;
import io.strata.store.VhdRepository;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// While a guest waits, its repository asks nothing of the storage: neither I/O nor names.
final class PauseTest {
  private static final long SIZE_BYTES = 64L << 20;
  private static final MergeProgress QUIET = _ -> {};

  private final SimulatedStorage storage =
      new SimulatedStorage(List.of(), Map.of(), Optional.empty(), 0);
  private final FaultPlan plan = FaultPlan.none();
  private final VdiUuid vdi = VdiUuid.random();
  private VhdRepository repository;
  private BlockDevice device;

  /// A step for which a guest waits.
  @FunctionalInterface
  private interface Step {
    void run() throws StorageException;
  }

  @BeforeEach
  void open() throws IOException, StorageException {
    repository = new VhdRepository(new FaultyStore(storage, plan));
    repository.create(vdi, new VolumeSpec(SIZE_BYTES, Kind.VHD));
    device = repository.open(vdi, AccessMode.RW);
    write(1);
  }

  @AfterEach
  void close() throws IOException, StorageException {
    device.close();
    repository.close();
  }

  private void write(int value) throws IOException {
    byte[] bytes = new byte[3 << 20];
    Arrays.fill(bytes, (byte) value);
    device.write((long) value << 20, ByteBuffer.wrap(bytes));
  }

  private int read(int megabyte) throws IOException {
    ByteBuffer one = ByteBuffer.allocate(1);
    device.read((long) megabyte << 20, one);
    return one.get(0);
  }

  private void assertAsksNothing(Step step) throws StorageException {
    plan.follow(List.of());
    step.run();
    for (IoKind kind : IoKind.values()) {
      assertThat(plan.count(kind)).as("%s", kind).isZero();
    }
  }

  private void branch(Prepared prepared) throws IOException, StorageException {
    write(2);
    assertAsksNothing(() -> device = prepared.commit().device().orElseThrow());
    assertThat(read(1)).isEqualTo(1);
    write(4);
    assertThat(read(3)).isEqualTo(2);
    assertThat(read(6)).isEqualTo(4);
    prepared.release();
  }

  @Test
  void snapshotOfARunningDiskIsTakenInMemory() throws Exception {
    SnapshotSpec spec = new SnapshotSpec(vdi, VdiUuid.random(), VdiUuid.random());
    branch(repository.snapshots().orElseThrow().prepare(spec));
    try (BlockDevice snapshot = repository.open(spec.snapshot(), AccessMode.RO)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      snapshot.read(4L << 20, one);
      assertThat((int) one.get(0)).isEqualTo(2);
    }
  }

  @Test
  void runningLeafIsMergedWithoutAPauseForIt() throws Exception {
    var tree = repository.vhdTree().orElseThrow();
    branch(tree.prepareFreeze(vdi, VdiUuid.random()));
    try (Absorption absorption = tree.absorb(vdi)) {
      assertAsksNothing(absorption::begin);
      write(8);
      absorption.copy(QUIET);
      absorption.finish();
      write(12);
      assertAsksNothing(absorption::end);
    }
    assertThat(repository.scan()).hasSize(1);
    for (int value : List.of(1, 2, 4, 8, 12)) {
      assertThat(read(value)).isEqualTo(value);
    }
  }
}
