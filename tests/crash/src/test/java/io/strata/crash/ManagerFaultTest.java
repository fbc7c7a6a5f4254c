// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.sim.Fault;
import io.strata.block.sim.FaultHit;
import io.strata.block.sim.FaultRule;
import io.strata.block.sim.IoKind;
import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Each I/O of each operation of the manager fails in each way that it can, and from some on all
/// fail: the operation says so or succeeds, nothing that users had is lost, and the next start
/// finds nothing half done.
///
/// A write that is lost or lands elsewhere and is reported as good, and a bit that flips, can't
/// always be told from data. Of them it is asked that no VDI is damaged but those whose chain has
/// the container that was hit.
///
/// Property: `strata.fault.step` is every how many I/Os one fails; 1 is all of them.
final class ManagerFaultTest {
  private static final Duration LONGEST = Duration.ofSeconds(30);
  private static final int STEP = Integer.getInteger("strata.fault.step", usualStep());

  /// From every how many I/Os on all fail.
  private static final int LASTING_STEP = 4 * STEP;

  /// How many of 100 faults must hit: what a daemon does in the background comes sooner or later.
  private static final int LEAST_HIT = 95;

  @TempDir(factory = MemoryFolder.class)
  private Path folder;

  /// What failed in the current run.
  private Optional<FaultHit> hit = Optional.empty();

  private int runs;
  private int injected;
  private int reported;
  private int noticed;
  private int silentlyWrong;

  @ParameterizedTest
  @EnumSource
  void failedIoIsReportedAndLosesNothing(ManagerFaultStory story) throws Exception {
    List<String> problems = new ArrayList<>();
    for (FaultRule rule : rules(story)) {
      try (LoggedBugs bugs = LoggedBugs.listen()) {
        run(story, rule);
        assertThat(bugs.found()).as("unchecked exceptions").isEmpty();
      } catch (RuntimeException | AssertionError | IOException | StorageException wrong) {
        problems.add(rule + ": " + hit + ": " + wrong);
      }
    }
    System.out.printf(
        "%s: faults injected: %d of %d, reported: %d, noticed later: %d, never: %d, problems: %d%n",
        story, injected, runs, reported, noticed, silentlyWrong, problems.size());
    assertThat(problems).isEmpty();
    assertThat(injected).as("faults that hit").isGreaterThanOrEqualTo(runs * LEAST_HIT / 100);
  }

  /// Otherwise the test above could find nothing.
  @Test
  void wrongBytesAreNoticedWhereTheyCanBe() throws Exception {
    Path home = Files.createDirectory(folder.resolve("wrong"));
    try (ManagerFaultScene scene = new ManagerFaultScene(home)) {
      Set<VdiUuid> hit = Set.of(scene.disk());
      scene.writeUnnoted(scene.disk(), ManagerFaultScene.run(9));
      assertThatThrownBy(() -> ofScan(scene, Set.of(), false).pass())
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("holds what it must");
      assertThatThrownBy(() -> ofScan(scene, hit, true).pass())
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("could have been noticed");
      ManagerFaultJudgement lenient = ofScan(scene, hit, false);
      lenient.pass();
      assertThat(lenient.silentlyWrong()).isEqualTo(1);
    }
  }

  /// A revert is carried out or not; what writes over a disk may be anywhere between.
  @Test
  void mixedContentIsWrongButWhereADiskIsWrittenOver() throws Exception {
    Path home = Files.createDirectory(folder.resolve("mixed"));
    try (ManagerFaultScene scene = new ManagerFaultScene(home)) {
      ManagerFaultJudgement ofFailedRevert = ofFailed(scene, ManagerFaultStory.REVERT);
      ofFailedRevert.pass();
      // One sector of the snapshot's, and the others of the disk's.
      scene.writeUnnoted(scene.disk(), ManagerFaultScene.run(1).limit(SectorModel.SECTOR_BYTES));
      assertThatThrownBy(ofFailedRevert::pass)
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("holds what it must");
      scene.writeUnnoted(scene.disk(), ManagerFaultScene.run(2));
      scene.writeUnnoted(scene.disk(), ManagerFaultScene.run(9).limit(SectorModel.SECTOR_BYTES));
      ofFailed(scene, ManagerFaultStory.OVERWRITE).pass();
      scene.writeUnnoted(scene.disk(), ManagerFaultScene.run(9).limit(100));
      scene.writeUnnoted(scene.disk(), ManagerFaultScene.run(8).limit(50));
      assertThatThrownBy(() -> ofFailed(scene, ManagerFaultStory.OVERWRITE).pass())
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("holds what it must");
    }
  }

  private static ManagerFaultJudgement ofFailed(ManagerFaultScene scene, ManagerFaultStory story) {
    return new ManagerFaultJudgement(scene, story, false, Set.of(), false);
  }

  private static ManagerFaultJudgement ofScan(
      ManagerFaultScene scene, Set<VdiUuid> suspects, boolean checked) {
    return new ManagerFaultJudgement(scene, ManagerFaultStory.SCAN, true, suspects, checked);
  }

  private List<FaultRule> rules(ManagerFaultStory story) throws IOException, StorageException {
    List<FaultRule> rules = new ArrayList<>();
    try (ManagerFaultScene scene = new ManagerFaultScene(folder.resolve("count"))) {
      story.prepare(scene);
      scene.plan().follow(List.of());
      story.run(scene);
      Map<IoKind, Long> counts = new EnumMap<>(IoKind.class);
      for (IoKind kind : IoKind.values()) {
        counts.put(kind, scene.plan().count(kind));
      }
      for (Fault fault : List.of(Fault.EIO, Fault.ENOSPC)) {
        for (long nth = 1; nth <= scene.plan().count(fault); nth += LASTING_STEP) {
          rules.add(FaultRule.from(fault, nth));
        }
      }
      int which = 0;
      for (Map.Entry<IoKind, Long> count : counts.entrySet()) {
        IoKind kind = count.getKey();
        for (Fault fault : Fault.values()) {
          for (long nth = 1; fault.appliesTo(kind) && nth <= count.getValue(); nth++) {
            if (which++ % STEP == 0) {
              rules.add(FaultRule.once(kind, fault, nth));
            }
          }
        }
      }
    }
    return rules;
  }

  private static int usualStep() {
    return switch (System.getProperty("strata.verify", "quick")) {
      case "soak" -> 1;
      case "normal" -> 11;
      default -> 31;
    };
  }

  private void run(ManagerFaultStory story, FaultRule rule) throws IOException, StorageException {
    long began = System.nanoTime();
    Path home = Files.createDirectory(folder.resolve("r" + runs++));
    try (ManagerFaultScene scene = new ManagerFaultScene(home)) {
      story.prepare(scene);
      ManagerFaultSuspects suspects = new ManagerFaultSuspects(scene, story);
      hit = Optional.empty();
      scene.plan().follow(List.of(rule));
      boolean succeeded = perform(story, scene);
      hit = scene.plan().lastHit();
      injected += hit.isPresent() ? 1 : 0;
      Optional<FaultHit> silent = hit.filter(h -> h.fault().silent());
      scene.restart();
      Set<VdiUuid> suspected = silent.isPresent() ? suspects.of(silent.get()) : Set.of();
      if (silent.isPresent()) {
        story.settleDamaged(scene, succeeded, suspects.readThrough(silent.get()));
      } else {
        story.settle(scene, succeeded);
      }
      ManagerFaultJudgement judgement =
          new ManagerFaultJudgement(
              scene,
              story,
              succeeded,
              suspected,
              silent.isPresent() && mustBeNoticed(story, silent.get(), scene));
      judgement.pass();
      noticed += judgement.noticed();
      silentlyWrong += judgement.silentlyWrong();
    } finally {
      Trees.remove(home);
    }
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(LONGEST);
  }

  /// Whether it hit a part that has a checksum, or data that were read back and compared.
  private static boolean mustBeNoticed(
      ManagerFaultStory story, FaultHit silent, ManagerFaultScene scene) throws IOException {
    return ChecksummedPart.wasHit(silent, scene.daemon().storages())
        || (story.readsBack() && silent.kind() == IoKind.WRITE && scene.isDataOfNewVdi(silent));
  }

  /// @return whether the story succeeded
  private boolean perform(ManagerFaultStory story, ManagerFaultScene scene) {
    try {
      story.run(scene);
      return true;
    } catch (StorageException said) {
      reported++;
      assertThat(said.code())
          .as(said.getMessage())
          .isNotIn(ErrorCode.GENERIC_EXCEPTION, ErrorCode.SM_GENERAL);
    } catch (IOException said) {
      reported++;
    } catch (CrashViolation wrongBytes) {
      if (scene.plan().lastHit().filter(hit -> hit.fault().silent()).isEmpty()) {
        throw wrongBytes;
      }
    }
    return false;
  }
}
