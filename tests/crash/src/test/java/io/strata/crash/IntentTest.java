// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.crash.IntentMutations.Fault;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The intents of one kind of operation at a time are not recorded, or ended too early, and the
/// harness must notice. Which kinds there are is what the daemon is seen to record.
final class IntentTest {
  private static final long SEED = Long.getLong("strata.seed", 1);
  private static final int SEEDS = 24;

  /// As many as the manager knows.
  private static final int KINDS = 15;

  private static final int THREADS = Math.min(8, Runtime.getRuntime().availableProcessors());

  /// Kinds of which an intent that is lost does no harm to storage or catalog, and why. Each has
  /// one step that takes effect at once or not at all, so that either of two states is right.
  private static final Map<String, String> HARMLESS =
      Map.of(
          "vdi-resize", "the disk has its old size or the new one, and a scan takes that over",
          "vdi-revert", "attaching the store ends the exchange of names or drops its draft",
          "vdi-absorb", "attaching the store ends it by the names; the intent is for failures",
          "vdi-overwrite", "the disk is incomplete whatever is done; the intent has that logged",
          "pbd-plug", "a power cut takes all with it that the driver attached on the host");

  private static IntentMutations mutations;

  @BeforeAll
  static void record() throws IOException {
    mutations = IntentMutations.of(new DaemonWorkload(), SEED, SEEDS);
  }

  @ParameterizedTest
  @EnumSource
  void everySpoiltIntentIsNoticed(Fault fault)
      throws IOException, InterruptedException, ExecutionException {
    Map<String, Future<Optional<String>>> verdicts = new TreeMap<>();
    try (ExecutorService executor = Executors.newFixedThreadPool(THREADS)) {
      for (String verb : mutations.verbs()) {
        Callable<Optional<String>> attempt = () -> mutations.firstViolation(verb, fault);
        verdicts.put(verb, executor.submit(attempt));
      }
    }
    Set<String> unnoticed = new TreeSet<>();
    for (Map.Entry<String, Future<Optional<String>>> verdict : verdicts.entrySet()) {
      Optional<String> violation = verdict.getValue().get();
      System.out.println(
          verdict.getKey() + " " + fault + ": " + violation.orElse("nothing notices"));
      if (violation.isEmpty()) {
        unnoticed.add(verdict.getKey());
      }
    }
    assertThat(unnoticed).as(HARMLESS.toString()).isEqualTo(HARMLESS.keySet());
    assertThat(verdicts).hasSize(KINDS);
  }
}
