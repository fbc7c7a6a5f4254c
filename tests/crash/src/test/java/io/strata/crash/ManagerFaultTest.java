// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.sim.Fault;
import io.strata.block.sim.FaultRule;
import io.strata.block.sim.IoKind;
import io.strata.crash.ManagerFaultScene.Story;
import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Each I/O of each operation of the manager fails in each way that it can: the operation says so
/// or succeeds, nothing that users had is lost, and the next start finds nothing half done.
///
/// A write that is lost or lands elsewhere and is reported as good, and a bit that flips, can't be
/// told from data by a format without checksums over data: of them it is asked only that an error
/// or an answer comes of it.
final class ManagerFaultTest {
  private static final Duration LONGEST = Duration.ofSeconds(30);

  @TempDir(factory = MemoryFolder.class)
  private Path folder;

  private int runs;
  private int reported;
  private int silentlyWrong;

  @ParameterizedTest
  @EnumSource(Story.class)
  void failedIoIsReportedAndLosesNothing(Story story) throws Exception {
    List<String> problems = new ArrayList<>();
    for (FaultRule rule : rules(story)) {
      try {
        run(story, rule);
      } catch (RuntimeException | AssertionError | IOException | StorageException wrong) {
        problems.add(rule + ": " + wrong);
      }
    }
    System.out.printf(
        "%s: faults injected: %d, reported: %d, silent and noticed later: %d, problems: %d%n",
        story, runs, reported, silentlyWrong, problems.size());
    assertThat(problems).isEmpty();
  }

  private List<FaultRule> rules(Story story) throws IOException, StorageException {
    List<FaultRule> rules = new ArrayList<>();
    try (ManagerFaultScene scene = new ManagerFaultScene(folder.resolve("count"))) {
      scene.plan().follow(List.of());
      story.run(scene);
      Map<IoKind, Long> counts = new EnumMap<>(IoKind.class);
      for (IoKind kind : IoKind.values()) {
        counts.put(kind, scene.plan().count(kind));
      }
      int which = 0;
      for (Map.Entry<IoKind, Long> count : counts.entrySet()) {
        IoKind kind = count.getKey();
        for (Fault fault : Fault.values()) {
          for (long nth = 1; fault.appliesTo(kind) && nth <= count.getValue(); nth++) {
            if (which++ % step() == 0) {
              rules.add(FaultRule.once(kind, fault, nth));
            }
          }
        }
      }
    }
    return rules;
  }

  private static int step() {
    return switch (System.getProperty("strata.verify", "quick")) {
      case "soak" -> 1;
      case "normal" -> 11;
      default -> 31;
    };
  }

  private void run(Story story, FaultRule rule) throws IOException, StorageException {
    long began = System.nanoTime();
    Path home = Files.createDirectory(folder.resolve("r" + runs++));
    try (ManagerFaultScene scene = new ManagerFaultScene(home)) {
      scene.plan().follow(List.of(rule));
      perform(story, scene);
      if (rule.fault().silent()) {
        afterSilence(story, scene);
        return;
      }
      scene.restart();
      scene.assertWhole(story);
    } finally {
      Trees.remove(home);
    }
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(LONGEST);
  }

  private void perform(Story story, ManagerFaultScene scene) {
    try {
      story.run(scene);
    } catch (StorageException said) {
      reported++;
      assertThat(said.code())
          .as(said.getMessage())
          .isNotIn(ErrorCode.GENERIC_EXCEPTION, ErrorCode.SM_GENERAL);
    } catch (IOException said) {
      reported++;
    }
  }

  private void afterSilence(Story story, ManagerFaultScene scene) {
    try {
      scene.restart();
      scene.assertWhole(story);
    } catch (IOException | StorageException | AssertionError noticed) {
      silentlyWrong++;
    }
  }
}
