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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Each I/O of each operation on VHDs fails once in each way.
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
    int runs = 0;
    List<String> problems = new ArrayList<>();
    for (FaultRule rule : rules(workload)) {
      runs++;
      try {
        run(workload, rule);
      } catch (RuntimeException | AssertionError e) {
        problems.add(workload + " -Dstrata.seed=" + SEED + " " + rule + ": " + e + at(e));
      }
    }
    System.out.println(workload + ": faults injected: " + runs + ", problems: " + problems.size());
    assertThat(problems).isEmpty();
    assertThat(runs).isGreaterThan(50);
  }

  private static void run(VhdWorkload workload, FaultRule rule) throws IOException {
    FaultPlan plan = new FaultPlan(SEED, STALL, List.of(rule));
    VhdRig rig = new VhdRig(SEED, workload.sizeBytes(), Optional.of(plan));
    Optional<IOException> failure = perform(workload, rig, rule);
    if (rule.fault().silent()) {
      reopenAfterSilence(rig);
      return;
    }
    assertThat(plan.hits()).as("faults hit").isEqualTo(1);
    assertThat(failure.isPresent())
        .as("an operation failed")
        .isEqualTo(rule.fault() != Fault.STALL);
    boolean flushFailed = rule.kind() == IoKind.FLUSH && rule.fault() == Fault.EIO;
    if (flushFailed && rig.open() && failure.filter(VhdFaultTest::flushOfTheDisk).isPresent()) {
      mayNotBeFlushedAgain(rig);
    }
    rig.expectation().verify(rig.storage(false));
    rig.expectation().verify(rig.storage(true));
  }

  private static Optional<IOException> perform(VhdWorkload workload, VhdRig rig, FaultRule rule)
      throws IOException {
    try {
      workload.perform(rig);
      rig.recording();
      return Optional.empty();
    } catch (IOException failure) {
      return Optional.of(failure);
    } catch (AssertionError | CrashViolation wrongBytes) {
      // Wrong bytes are what a silent fault is; the format has no checksum over data.
      if (rule.fault().silent()) {
        return Optional.empty();
      }
      throw wrongBytes;
    }
  }

  /// Nobody can know what a silent fault changed; but nothing but an IOException may come of it.
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

  private static List<FaultRule> rules(VhdWorkload workload) throws IOException {
    FaultPlan counting = FaultPlan.none();
    VhdRig rig = new VhdRig(SEED, workload.sizeBytes(), Optional.of(counting));
    workload.perform(rig);
    rig.recording();
    List<FaultRule> rules = new ArrayList<>();
    for (IoKind kind : IoKind.values()) {
      for (Fault fault : Fault.values()) {
        long step = fault == Fault.STALL ? STEP * 10 : STEP;
        for (long nth = 1; fault.appliesTo(kind) && nth <= counting.count(kind); nth += step) {
          rules.add(FaultRule.once(kind, fault, nth));
        }
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
