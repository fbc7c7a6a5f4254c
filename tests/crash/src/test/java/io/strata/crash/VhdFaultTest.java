// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.sim.Fault;
import io.strata.block.sim.FaultPlan;
import io.strata.block.sim.FaultRule;
import io.strata.block.sim.IoKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Each I/O of each operation on VHDs fails once in each way, and from some on all fail.
///
/// Of a fault in data that says nothing, it is asked that no other data are wrong.
///
/// Property: `strata.fault.step` is every how many I/Os of a kind one fails; 1 is all of them.
final class VhdFaultTest {
  private static final long SEED = Long.getLong("strata.seed", 1);
  private static final long STEP = Long.getLong("strata.fault.step", usualStep());
  private static final Duration STALL = Duration.ofMillis(1);

  @ParameterizedTest
  @EnumSource
  void everyFailedIoIsReportedAndLosesNothingThatWasFlushed(VhdWorkload workload)
      throws IOException {
    FaultPlan counting = FaultPlan.none();
    VhdRig sound = performed(workload, counting);
    DataSectors data = DataSectors.read(sound.images(), sound.footers());
    int runs = 0;
    int ofData = 0;
    List<String> problems = new ArrayList<>();
    for (FaultRule rule : rules(counting)) {
      runs++;
      try {
        ofData += run(workload, rule, data) ? 1 : 0;
      } catch (RuntimeException | AssertionError e) {
        problems.add(workload + " -Dstrata.seed=" + SEED + " " + rule + ": " + e + at(e));
      }
    }
    System.out.printf(
        "%s: faults injected: %d, silent ones in data: %d, problems: %d%n",
        workload, runs, ofData, problems.size());
    assertThat(problems).isEmpty();
    assertThat(runs).isGreaterThan(50);
    assertThat(ofData).isPositive();
  }

  /// @return whether the fault was a silent one that hit data
  private static boolean run(VhdWorkload workload, FaultRule rule, DataSectors data)
      throws IOException {
    FaultPlan plan = new FaultPlan(SEED, STALL, List.of(rule));
    VhdRig rig = new VhdRig(SEED, workload.sizeBytes(), Optional.of(plan));
    Outcome outcome = perform(workload, rig, rule);
    assertThat(plan.hits() == 1 || (plan.hits() > 1 && rule.every() > 0))
        .as("%s faults hit", plan.hits())
        .isTrue();
    if (rule.fault().silent()) {
      Optional<Set<Long>> damaged = data.damagedBy(plan.lastHit().orElseThrow());
      if (damaged.isPresent()) {
        assertNothingElseIsDamaged(rig, outcome, damaged.get());
      } else {
        reopenAfterSilence(rig);
      }
      return damaged.isPresent();
    }
    Optional<IOException> failure = outcome.failure();
    assertThat(failure.isPresent())
        .as("an operation failed")
        .isEqualTo(rule.fault() != Fault.STALL);
    boolean flushFailed = rule.kinds().equals(Set.of(IoKind.FLUSH)) && rule.fault() != Fault.STALL;
    if (flushFailed && rig.open() && failure.filter(VhdFaultTest::flushOfTheDisk).isPresent()) {
      mayNotBeFlushedAgain(rig);
    }
    rig.expectation().verify(rig.storage(false));
    rig.expectation().verify(rig.storage(true));
    return false;
  }

  /// What became of a workload.
  ///
  /// @param wrongSector the sector that read back wrong, where one did
  private record Outcome(Optional<IOException> failure, OptionalLong wrongSector) {}

  private static Outcome perform(VhdWorkload workload, VhdRig rig, FaultRule rule)
      throws IOException {
    try {
      workload.perform(rig);
      rig.recording();
      return new Outcome(Optional.empty(), OptionalLong.empty());
    } catch (IOException failure) {
      return new Outcome(Optional.of(failure), OptionalLong.empty());
    } catch (AssertionError | CrashViolation wrongBytes) {
      // Wrong bytes are what a silent fault is; the format has no checksum over data.
      if (rule.fault().silent()) {
        return new Outcome(Optional.empty(), OptionalLong.of(rig.lookedAt()));
      }
      throw wrongBytes;
    }
  }

  /// Data that a silent fault hit can't be told from others, and nothing else may be wrong.
  private static void assertNothingElseIsDamaged(VhdRig rig, Outcome outcome, Set<Long> damaged)
      throws IOException {
    assertThat(outcome.failure()).isEmpty();
    if (outcome.wrongSector().isPresent()) {
      assertThat(damaged)
          .as("the sector that is wrong")
          .contains(outcome.wrongSector().getAsLong());
    }
    SimulatedStorage storage = rig.storage(false);
    VhdExpectation expectation = (VhdExpectation) rig.expectation();
    expectation.except(damaged, storage).verify(storage);
  }

  /// Nobody can know what a silent fault in metadata changed; but nothing but an IOException may
  /// come of it.
  private static void reopenAfterSilence(VhdRig rig) {
    try {
      rig.expectation().verify(rig.storage(false));
    } catch (IOException | CrashViolation expected) {
      return;
    }
  }

  /// Whether the disk's own flush failed, and not that of an image that is still being made.
  private static boolean flushOfTheDisk(IOException failure) {
    boolean flush = false;
    for (StackTraceElement element : failure.getStackTrace()) {
      flush |= element.getMethodName().equals("flush");
      if (element.getClassName().endsWith(".VhdCreator")
          || element.getMethodName().equals("openFlushed")) {
        return false;
      }
    }
    return flush;
  }

  private static void mayNotBeFlushedAgain(VhdRig rig) {
    byte[] sector = new byte[SectorModel.SECTOR_BYTES];
    assertThatThrownBy(() -> rig.chain().flush()).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> rig.chain().write(0, ByteBuffer.wrap(sector), Durability.FUA))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> rig.chain().flush()).isInstanceOf(IOException.class);
  }

  /// A rig on which the workload was performed while nothing failed.
  private static VhdRig performed(VhdWorkload workload, FaultPlan counting) throws IOException {
    VhdRig rig = new VhdRig(SEED, workload.sizeBytes(), Optional.of(counting));
    workload.perform(rig);
    rig.recording();
    return rig;
  }

  private static List<FaultRule> rules(FaultPlan counted) {
    List<FaultRule> rules = new ArrayList<>();
    for (IoKind kind : IoKind.values()) {
      for (Fault fault : Fault.values()) {
        long step = fault == Fault.STALL ? STEP * 10 : STEP;
        for (long nth = 1; fault.appliesTo(kind) && nth <= counted.count(kind); nth += step) {
          rules.add(FaultRule.once(kind, fault, nth));
        }
      }
    }
    for (Fault fault : List.of(Fault.EIO, Fault.ENOSPC)) {
      for (long nth = 1; nth <= counted.count(fault); nth += STEP * 10) {
        rules.add(FaultRule.from(fault, nth));
      }
    }
    return rules;
  }

  private static long usualStep() {
    return System.getProperty("strata.verify", "quick").equals("quick") ? 7 : 1;
  }

  private static String at(Throwable e) {
    for (StackTraceElement element : e.getStackTrace()) {
      if (element.getClassName().startsWith("io.strata")) {
        return " at " + element;
      }
    }
    return "";
  }
}
