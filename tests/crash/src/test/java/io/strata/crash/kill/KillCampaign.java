// SPDX-License-Identifier: Apache-2.0
package io.strata.crash.kill;

import io.strata.block.FileContainer;
import io.strata.check.CheckOptions;
import io.strata.check.CheckReport;
import io.strata.check.Severity;
import io.strata.check.VhdChecker;
import io.strata.toolstack.Json;
import io.strata.toolstack.StrataHome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/// Kills the daemon of one home again and again, while clients write and verbs run, and checks what
/// each next one finds.
final class KillCampaign {
  private static final int LONGEST_LIFE_MILLIS = 2_400;
  private static final long TASKS_LIMIT_NANOS = 60_000_000_000L;

  private final StrataHome home;
  private final Path folder;
  private final DaemonProgram program;
  private final SplittableRandom random;
  private final AtomicBoolean dying = new AtomicBoolean();
  private final KilledHome disks;
  private int cycles;
  private int killedWhileStarting;

  /// @param root an empty folder, with a short path
  /// @param program the daemon
  KillCampaign(Path root, long seed, DaemonProgram program, Barriers barriers) {
    home = new StrataHome(root.resolve("home"));
    folder = root.resolve("sr");
    random = new SplittableRandom(seed);
    this.program = program;
    disks = new KilledHome(random.split(), barriers, dying::get);
  }

  int cycles() {
    return cycles;
  }

  int killedWhileStarting() {
    return killedWhileStarting;
  }

  KilledHome disks() {
    return disks;
  }

  /// Dies so many times, then stops in order.
  void run(int deaths) throws IOException, InterruptedException {
    begin();
    while (cycles < deaths) {
      if (random.nextInt(6) == 0) {
        dieWhileStarting();
      } else {
        live();
      }
    }
    end();
  }

  private DaemonProcess launch() throws IOException {
    dying.set(false);
    return DaemonProcess.launch(home, program.command(home.root()));
  }

  private void begin() throws IOException, InterruptedException {
    Files.createDirectories(folder);
    try (DaemonProcess daemon = launch();
        Verbs api = new Verbs(daemon.awaitApi())) {
      disks.sr().created(api.createSr(folder));
    }
  }

  private void died() throws IOException {
    cycles++;
    checkImages(Severity.ERROR);
  }

  private void dieWhileStarting() throws IOException, InterruptedException {
    try (DaemonProcess daemon = launch()) {
      Thread.sleep(100 + random.nextInt(700));
      daemon.kill();
    }
    killedWhileStarting++;
    died();
  }

  /// A life from the recovery to the death amid everything.
  private void live() throws IOException, InterruptedException {
    try (DaemonProcess daemon = launch();
        Verbs api = new Verbs(daemon.awaitApi())) {
      check(daemon, api);
      Thread killer = killLater(daemon, 20 + random.nextInt(LONGEST_LIFE_MILLIS));
      try {
        workUntilDeath(api, daemon);
      } finally {
        killer.join();
        dying.set(true);
        daemon.kill();
        disks.stopClients();
      }
    }
    died();
  }

  private void check(DaemonProcess daemon, Verbs api) throws IOException, InterruptedException {
    try {
      awaitTasks(api);
      disks.recovered(api);
    } catch (IOException | Violation failed) {
      throw new Violation(
          "after death %d: %s%n%s".formatted(cycles, failed.getMessage(), daemon.logTail()));
    }
  }

  private static void awaitTasks(Verbs api) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TASKS_LIMIT_NANOS;
    List<Json> tasks = api.tasks();
    while (!tasks.isEmpty()) {
      if (System.nanoTime() > deadline) {
        throw new Violation("left over: " + tasks);
      }
      Thread.sleep(20);
      tasks = api.tasks();
    }
  }

  private Thread killLater(DaemonProcess daemon, int millis) {
    return Thread.ofPlatform()
        .name("killer")
        .start(() -> {
          try {
            Thread.sleep(millis);
            dying.set(true);
            daemon.kill();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  private void workUntilDeath(Verbs api, DaemonProcess daemon)
      throws IOException, InterruptedException {
    while (!dying.get()) {
      try {
        disks.verb(api);
      } catch (IOException gone) {
        if (!dying.get()) {
          throw new Violation(
              "a verb failed while the daemon lived: " + gone + "\n" + daemon.logTail());
        }
      } catch (Violation wrong) {
        throw new Violation(wrong.getMessage() + "\n" + daemon.logTail());
      }
    }
  }

  /// Stops in order, after which no image has the least blemish.
  private void end() throws IOException, InterruptedException {
    try (DaemonProcess daemon = launch()) {
      try (Verbs api = new Verbs(daemon.awaitApi())) {
        check(daemon, api);
        disks.stopClients();
        api.call("daemon.stop", Json.Members.NONE);
      }
      int exitCode = daemon.awaitEnd();
      if (exitCode != 0) {
        throw new Violation("the daemon ended with " + exitCode + "\n" + daemon.logTail());
      }
    }
    checkImages(Severity.WARNING);
  }

  /// @param unwanted what no image may have, or worse
  private void checkImages(Severity unwanted) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path image : files.filter(f -> f.toString().endsWith(".vhd")).sorted().toList()) {
        try (FileContainer container = FileContainer.openReadOnly(image)) {
          CheckReport report = VhdChecker.check(container, CheckOptions.standard());
          if (report.worst().filter(worst -> worst.compareTo(unwanted) >= 0).isPresent()) {
            throw new Violation(image + " after death " + cycles + ": " + report.findings());
          }
        }
      }
    }
  }
}
