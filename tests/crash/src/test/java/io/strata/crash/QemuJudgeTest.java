// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.strata.block.sim.LogEntry;
import io.strata.block.sim.MemoryContainer;
import io.strata.vhd.ParentResolver;
import io.strata.vhd.VhdChain;
import io.strata.vhd.VhdCreator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Crashed images, read by a program that knows nothing of ours.
final class QemuJudgeTest {
  private static final long SEED = Long.getLong("strata.seed", 1);
  private static final int STATES = 150;
  private static final int JUDGED_EVERY = 7;

  @TempDir private Path directory;
  private QemuJudge judge;

  @BeforeEach
  void findQemu() {
    Path qemuImg = Path.of("/usr/bin/qemu-img");
    assumeTrue(Files.isExecutable(qemuImg), "qemu-img is not installed");
    judge = new QemuJudge(qemuImg, directory);
  }

  @ParameterizedTest
  @EnumSource(names = {"DYNAMIC", "RESIZE", "FOOTER_LOST", "FIXED_RESIZE"})
  void qemuReadsWhatACrashLeftAsStrataDoes(VhdWorkload workload) throws IOException {
    CrashReport total = new CrashReport();
    for (long seed = SEED; judge.judged() < STATES && total.violations() == 0; seed++) {
      total.add(
          CrashExplorer.explore(
              workload,
              judged(workload.record(seed)),
              seed,
              // What was never written holds zeroes, as in a file.
              CrashBudget.brief().withoutPoison(),
              Optional.empty()));
    }
    System.out.printf(
        "%s: qemu judged %d crash states (%d also as they were), %d MiB of them present%n",
        workload.name(), judge.judged(), judge.readAsTheyWere(), judge.comparedBytes() >> 20);
    assertThat(total.violations()).as(total.toString()).isZero();
    assertThat(judge.readAsTheyWere()).isGreaterThan(STATES / 4);
    assertThat(judge.comparedBytes()).isGreaterThan(1L << 20);
  }

  /// What Strata and the model know of a disk is not what qemu finds.
  @Test
  void judgeNoticesWhatQemuReadsOtherwise() throws IOException {
    SimulatedStorage storage =
        new SimulatedStorage(
            List.of(MemoryContainer.create("disk")), Map.of(), Optional.empty(), 0);
    VhdCreator.dynamic(storage.open(0, true), new UUID(1, 2), VhdWorkload.SNAPSHOT.sizeBytes());
    byte[] sector = new byte[SectorModel.SECTOR_BYTES];
    sector[0] = 1;
    try (VhdChain chain = VhdChain.open(storage.open(0, true), true, ParentResolver.none())) {
      chain.write(3L << 20, ByteBuffer.wrap(sector));
    }
    judge.judge(storage, 0, SectorModel.zeroes().forced(3L << 20, sector));
    assertThatExceptionOfType(CrashViolation.class)
        .isThrownBy(() -> judge.judge(storage, 0, SectorModel.zeroes()))
        .withMessageContaining("sector " + (3L << 20) / SectorModel.SECTOR_BYTES + " holds 01");
  }

  /// The same recording, each crash of which is judged by qemu.
  private Recording judged(Recording recording) {
    List<LogEntry> entries = new ArrayList<>();
    for (LogEntry entry : recording.entries()) {
      entries.add(
          entry instanceof LogEntry.Marker(VhdExpectation expected)
              ? new LogEntry.Marker(new Judged(judge, expected))
              : entry);
    }
    return new Recording(entries, recording.before(), recording.names());
  }

  private record Judged(QemuJudge judge, VhdExpectation expected) implements Expectation {
    @Override
    public void verify(SimulatedStorage storage) throws IOException {
      boolean root = expected.parents().size() == 1;
      if (expected.created() && root && storage.sampled(JUDGED_EVERY)) {
        judge.judge(storage, expected.leaf(), expected.model());
      }
    }

    @Override
    public boolean acknowledged() {
      return expected.acknowledged();
    }

    @Override
    public Object beside() {
      return expected.beside();
    }
  }
}
