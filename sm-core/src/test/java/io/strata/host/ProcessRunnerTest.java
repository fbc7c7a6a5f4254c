// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ProcessRunnerTest {
  private static final Duration KILL_PATIENCE = Duration.ofSeconds(10);

  private final ProcessRunner runner = new ProcessRunner();

  @TempDir Path folder;

  @Test
  void argumentsReachTheProgramLiterallyAndNoShellSeesThem() throws Exception {
    Path victim = folder.resolve("made-by-a-shell");
    String nasty = "; touch " + victim + " $(touch " + victim + ") `touch " + victim + "`";

    ProcessResult result = runner.run(Command.of("printf", "%s|%s", nasty, "a b\n'\"*"));

    assertThat(result.stdout()).isEqualTo(nasty + "|a b\n'\"*");
    assertThat(victim).doesNotExist();
  }

  @Test
  void theEnvironmentIsPathAndLocaleOnly() throws Exception {
    ProcessResult result = runner.run(Command.of("env"));

    assertThat(result.stdout().lines().map(line -> line.replaceAll("=.*", "")))
        .containsExactlyInAnyOrder("PATH", "LC_ALL");
    assertThat(result.stdout()).contains("LC_ALL=C\n");
  }

  @Test
  void standardInputIsEmpty() throws Exception {
    assertThat(runner.run(Command.of("wc", "-c")).stdout().strip()).isEqualTo("0");
  }

  @Test
  void moreOutputThanTheBoundIsDroppedWithoutBlockingTheProgram() throws Exception {
    Command chatty =
        new Command(List.of("head", "-c", "3000000", "/dev/zero"), Duration.ofSeconds(60), 100_000);

    ProcessResult result = runner.run(chatty);

    assertThat(result.exitCode()).isZero();
    assertThat(result.stdout()).hasSize(100_000);
    assertThat(result.truncated()).isTrue();
  }

  @Test
  void outputOfExactlyTheBoundIsNotTruncated() throws Exception {
    Command exact =
        new Command(List.of("head", "-c", "1000", "/dev/zero"), Duration.ofSeconds(60), 1000);

    ProcessResult result = runner.run(exact);

    assertThat(result.stdout()).hasSize(1000);
    assertThat(result.truncated()).isFalse();
  }

  @Test
  void whenTheTimeIsUpTheProgramAndItsChildrenAreKilled() throws Exception {
    Path pids = folder.resolve("pids");
    Command hanging =
        Command.of(
                "sh",
                "-c",
                "sleep 300 & echo $! >> \"$1\"; echo $$ >> \"$1\"; wait",
                "sh",
                pids.toString())
            .within(Duration.ofSeconds(1));

    assertThatThrownBy(() -> runner.run(hanging))
        .isInstanceOfSatisfying(
            StorageException.class,
            failure -> {
              assertThat(failure.code()).isEqualTo(ErrorCode.TRY_AGAIN);
              assertThat(failure.what()).contains("sh was killed").contains("1000 ms");
            });

    List<Long> started = Files.readAllLines(pids).stream().map(Long::valueOf).toList();
    assertThat(started).hasSize(2);
    for (long pid : started) {
      assertGone(pid);
    }
  }

  @Test
  void aGrandchildThatKeepsTheOutputOpenDoesNotHoldTheRunner() throws Exception {
    ProcessResult result = runner.run(Command.of("sh", "-c", "sleep 30 & echo $!"));
    long pid = Long.parseLong(result.stdout().strip());
    ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);

    assertThat(result.exitCode()).isZero();
    assertThat(result.elapsed()).isLessThan(Duration.ofSeconds(20));
  }

  @Test
  void aFailedRunBecomesAnErrorWithTheProgramsOwnWords() throws Exception {
    ProcessResult result = runner.run(Command.of("ls", folder.resolve("absent").toString()));

    assertThatThrownBy(() -> result.orThrow(ErrorCode.LVM_MOUNT, "Do something."))
        .isInstanceOfSatisfying(
            StorageException.class,
            failure -> {
              assertThat(failure.code()).isEqualTo(ErrorCode.LVM_MOUNT);
              assertThat(failure.what())
                  .startsWith("ls failed with exit code 2: ")
                  .contains("absent': No such file or directory");
              assertThat(failure.remedy()).isEqualTo("Do something.");
            });
  }

  @Test
  void aMissingProgramIsNamed() {
    assertThatThrownBy(() -> runner.run(Command.of("no-such-program-here")))
        .isInstanceOfSatisfying(
            StorageException.class,
            failure -> {
              assertThat(failure.code()).isEqualTo(ErrorCode.UNSUPPORTED_KERNEL);
              assertThat(failure.what()).contains("no-such-program-here");
            });
  }

  @Test
  void anInterruptedCallerKillsTheProgramAndStaysInterrupted() throws Exception {
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> runner.run(Command.of("sleep", "300")))
        .isInstanceOf(StorageException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(ProcessHandle.current().children().filter(ProcessHandle::isAlive)).isEmpty();
  }

  private static void assertGone(long pid) throws InterruptedException {
    long deadline = System.nanoTime() + KILL_PATIENCE.toNanos();
    while (ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false)) {
      assertThat(System.nanoTime()).as("process " + pid + " must be killed").isLessThan(deadline);
      Thread.sleep(20);
    }
  }
}
