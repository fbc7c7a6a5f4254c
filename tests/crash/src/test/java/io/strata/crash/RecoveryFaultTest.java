// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.sim.Fault;
import io.strata.block.sim.FaultHit;
import io.strata.block.sim.FaultRule;
import io.strata.block.sim.IoKind;
import io.strata.spi.StorageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// The daemon dies within an operation, and the storage fails while the next start ends that. The
/// start after it, on sound storage, finds nothing half done and nothing lost.
///
/// Property: `strata.fault.step` is every how many I/Os of a start one fails.
final class RecoveryFaultTest {
  private static final int STEP = Integer.getInteger("strata.fault.step", usualStep());

  /// How many of 100 faults must hit: what a start has to do depends on how far a second tree,
  /// collected beside the first, was when the daemon died.
  private static final int LEAST_HIT = 75;

  @TempDir(factory = MemoryFolder.class)
  private Path folder;

  private int runs;
  private int injected;

  static Stream<Arguments> deaths() {
    return Stream.of(
        Arguments.of(ManagerFaultStory.SR_CREATE, "sr-create.created"),
        Arguments.of(ManagerFaultStory.SR_DESTROY, "sr-destroy.detached"),
        Arguments.of(ManagerFaultStory.CREATE, "vdi-create.created"),
        Arguments.of(ManagerFaultStory.CLONE, "vdi-clone.cloned"),
        Arguments.of(ManagerFaultStory.SNAPSHOT_OF_A_RUNNING_DISK, "vdi-snapshot.prepared"),
        Arguments.of(ManagerFaultStory.SNAPSHOT_OF_A_RUNNING_DISK, "vdi-snapshot.taken"),
        Arguments.of(ManagerFaultStory.REVERT, "vdi-revert.recorded"),
        Arguments.of(ManagerFaultStory.REVERT, "vdi-revert.reverted"),
        Arguments.of(ManagerFaultStory.RESIZE, "vdi-resize.recorded"),
        Arguments.of(ManagerFaultStory.DESTROY, "vdi-destroy.recorded"),
        Arguments.of(ManagerFaultStory.IMPORT, "vdi-import.copied"),
        Arguments.of(ManagerFaultStory.COPY, "vdi-copy.created"),
        Arguments.of(ManagerFaultStory.MOVE, "vdi-copy.copied"),
        Arguments.of(ManagerFaultStory.COLLECT_A_RUN, "vdi-coalesce.copied"),
        Arguments.of(ManagerFaultStory.COLLECT_BELOW_A_RUNNING_DISK, "vdi-freeze.prepared"),
        Arguments.of(ManagerFaultStory.COLLECT_BELOW_A_RUNNING_DISK, "vdi-freeze.frozen"),
        Arguments.of(ManagerFaultStory.COLLECT, "vdi-absorb.copied"),
        Arguments.of(ManagerFaultStory.COLLECT, "vdi-absorb.named"),
        Arguments.of(ManagerFaultStory.DATA_DESTROY, "vdi-data-destroy.recorded"));
  }

  @ParameterizedTest
  @MethodSource("deaths")
  void failedRecoveryIsDoneByTheNextStart(ManagerFaultStory story, String point)
      throws IOException, StorageException {
    List<String> problems = new ArrayList<>();
    for (FaultRule rule : rules(story, point)) {
      Optional<FaultHit> hit = Optional.empty();
      try (ManagerFaultScene scene = dead(story, point);
          LoggedBugs bugs = LoggedBugs.listen()) {
        scene.daemon().restart(List.of(rule));
        hit = scene.plan().lastHit();
        injected += scene.plan().hits() > 0 ? 1 : 0;
        scene.restart();
        story.settle(scene, false);
        new ManagerFaultJudgement(scene, story, false, Set.of(), false).pass();
        assertThat(bugs.found()).as("unchecked exceptions").isEmpty();
      } catch (RuntimeException | AssertionError | IOException | StorageException wrong) {
        problems.add(rule + ": " + hit + ": " + wrong);
      }
    }
    System.out.printf(
        "%s at %s: faults injected: %d of %d, problems: %d%n",
        story, point, injected, runs - 1, problems.size());
    assertThat(problems).isEmpty();
    assertThat(injected)
        .as("faults that hit")
        .isPositive()
        .isGreaterThanOrEqualTo((runs - 1) * LEAST_HIT / 100);
  }

  /// A scene whose daemon died there.
  private ManagerFaultScene dead(ManagerFaultStory story, String point)
      throws IOException, StorageException {
    ManagerFaultScene scene =
        new ManagerFaultScene(Files.createDirectory(folder.resolve("r" + runs++)));
    story.prepare(scene);
    scene.daemon().dieAt(point);
    try {
      story.run(scene);
    } catch (Death | StorageException ended) {
      // It died here, or on another thread: then this one finds no storage any more.
    }
    assertThat(scene.daemon().dead()).as(point + " was passed").isTrue();
    return scene;
  }

  /// Faults that are reported, at I/Os of a start.
  private List<FaultRule> rules(ManagerFaultStory story, String point)
      throws IOException, StorageException {
    List<FaultRule> rules = new ArrayList<>();
    try (ManagerFaultScene scene = dead(story, point)) {
      scene.daemon().restart(List.of());
      int which = 0;
      for (IoKind kind : IoKind.values()) {
        for (Fault fault : Fault.values()) {
          boolean reported = fault.appliesTo(kind) && !fault.silent() && fault != Fault.STALL;
          for (long nth = 1; reported && nth <= scene.plan().count(kind); nth++) {
            if (which++ % STEP == 0) {
              rules.add(FaultRule.once(kind, fault, nth));
            }
          }
        }
      }
      for (Fault fault : List.of(Fault.EIO, Fault.ENOSPC)) {
        for (long nth = 1; nth <= scene.plan().count(fault); nth += STEP) {
          rules.add(FaultRule.from(fault, nth));
        }
      }
    }
    return rules;
  }

  private static int usualStep() {
    return switch (System.getProperty("strata.verify", "quick")) {
      case "soak" -> 2;
      case "normal" -> 31;
      default -> 79;
    };
  }
}
