// SPDX-License-Identifier: Apache-2.0
package io.strata.crash.kill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.toolstack.Json;
import io.strata.toolstack.StrataHome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `kill -9` of the real daemon at any moment.
///
/// Properties: `strata.kill.cycles` is how many deaths, `strata.seed` the first home's seed;
/// `strata.verify` chooses where they are absent.
final class KillCyclesTest {
  /// Where `verify` looks for the note: a line each.
  private static final Path NOTES = Path.of("target", "kill-cycles");

  private static final int HOMES = 2;

  @TempDir private Path folder;

  @Test
  void killedDaemonLosesNothingThatWasFlushedAndBringsEveryAttachmentBack() throws Exception {
    long seed = Long.getLong("strata.seed", System.nanoTime());
    System.out.println("kill -9: seeds from " + seed);
    List<KillCampaign> campaigns = new ArrayList<>();
    DaemonProgram program = trained();
    for (int i = 0; i < HOMES; i++) {
      Path root = Files.createDirectories(folder.resolve("k" + i));
      campaigns.add(new KillCampaign(root, seed + i, program, Barriers.KEPT));
    }
    List<String> violations = run(campaigns, Math.ceilDiv(wanted(), HOMES));
    note(campaigns, violations.size());
    assertThat(violations).as("-Dstrata.seed=" + seed).isEmpty();
  }

  /// The daemon, with an AOT cache of what one does that makes an SR and a disk.
  private DaemonProgram trained() throws IOException, InterruptedException {
    DaemonProgram program = DaemonProgram.of(Files.createDirectories(folder.resolve("program")));
    StrataHome home = new StrataHome(folder.resolve("training"));
    try (DaemonProcess daemon = DaemonProcess.launch(home, program.trainingCommand(home.root()))) {
      try (Verbs api = new Verbs(daemon.awaitApi())) {
        KilledHome disks = new KilledHome(new SplittableRandom(1), Barriers.KEPT, () -> false);
        disks.sr().created(api.createSr(Files.createDirectories(folder.resolve("training-sr"))));
        for (int i = 0; i < 10; i++) {
          disks.verb(api);
        }
        disks.stopClients();
        api.call("daemon.stop", Json.Members.NONE);
      }
      daemon.awaitEnd();
    }
    return program;
  }

  /// Otherwise the test above could find nothing.
  @Test
  void droppedBarriersAreNoticed() throws Exception {
    long seed = Long.getLong("strata.seed", System.nanoTime());
    Path root = Files.createDirectories(folder.resolve("d"));
    KillCampaign campaign = new KillCampaign(root, seed, trained(), Barriers.DROPPED);
    assertThatThrownBy(() -> campaign.run(40)).isInstanceOf(Violation.class);
    System.out.println("kill -9: dropped barriers are noticed at death " + campaign.cycles());
  }

  /// @return what was wrong, at most one thing for each home
  private static List<String> run(List<KillCampaign> campaigns, int deaths)
      throws InterruptedException {
    List<String> violations = new ArrayList<>();
    try (ExecutorService executor = Executors.newFixedThreadPool(HOMES)) {
      List<Future<?>> running = new ArrayList<>();
      for (KillCampaign campaign : campaigns) {
        running.add(
            executor.submit(() -> {
              campaign.run(deaths);
              return campaign;
            }));
      }
      for (Future<?> home : running) {
        try {
          home.get();
        } catch (ExecutionException failed) {
          violations.add(String.valueOf(failed.getCause()));
        }
      }
    }
    return violations;
  }

  private static int wanted() {
    int usual =
        switch (System.getProperty("strata.verify", "quick")) {
          case "soak" -> 1_000;
          case "normal" -> 110;
          default -> 8;
        };
    return Integer.getInteger("strata.kill.cycles", usual);
  }

  private static void note(List<KillCampaign> campaigns, int violations) throws IOException {
    long cycles = campaigns.stream().mapToLong(KillCampaign::cycles).sum();
    long starting = campaigns.stream().mapToLong(KillCampaign::killedWhileStarting).sum();
    long verbs = campaigns.stream().mapToLong(c -> c.disks().requests().verbs()).sum();
    long refusals = campaigns.stream().mapToLong(c -> c.disks().requests().refusals()).sum();
    long acknowledged = campaigns.stream().mapToLong(c -> c.disks().sr().acknowledged()).sum();
    long durable = campaigns.stream().mapToLong(c -> c.disks().sr().durable()).sum();
    System.out.printf(
        "kill -9: %d cycles, %d of them while it started; %d verbs, %d refused; %d writes "
            + "acknowledged, %d of them flushed%n",
        cycles, starting, verbs, refusals, acknowledged, durable);
    Files.createDirectories(NOTES);
    Files.writeString(
        NOTES.resolve("daemon.txt"),
        "%d %d %d %d%n".formatted(cycles, acknowledged, durable, violations));
  }
}
