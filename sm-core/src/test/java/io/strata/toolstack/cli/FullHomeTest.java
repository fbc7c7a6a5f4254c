// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.toolstack.StrataHome;
import io.strata.toolstack.daemon.Daemon;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A daemon whose home is on a small file system that is full, or nearly. Needs root, to mount it.
@Timeout(120)
final class FullHomeTest {
  private static final int SIZE_KIB = 2048;
  private static final int PAGE_KIB = 4;

  private @TempDir Path folder;
  private Path mounted = Path.of("");

  @BeforeEach
  void mount() throws IOException, InterruptedException {
    mounted = Files.createDirectory(folder.resolve("small"));
    String size = "size=" + SIZE_KIB + "k";
    assumeTrue(
        run("mount", "-t", "tmpfs", "-o", size, "tmpfs", mounted.toString()),
        "a tmpfs can't be mounted here: only root can");
  }

  @AfterEach
  void unmount() throws IOException, InterruptedException {
    run("umount", mounted.toString());
  }

  private static boolean run(String... line) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(line)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    return process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0;
  }

  /// Leaves so much free.
  private void fill(int freeKib) throws IOException {
    byte[] page = new byte[PAGE_KIB << 10];
    try (OutputStream fill = Files.newOutputStream(mounted.resolve("fill"))) {
      while (Files.getFileStore(mounted).getUsableSpace() > (long) freeKib << 10) {
        fill.write(page);
      }
    }
  }

  @Test
  void commandThatStartsADaemonSaysThatItsHomeIsFull() throws IOException {
    fill(0);
    Path home = mounted.resolve("home");
    TestTerminal terminal = TestTerminal.create();
    int exitCode = Main.run(List.of("--home", home.toString(), "sr-list"), terminal.terminal());
    assertThat(exitCode).isEqualTo(1);
    assertThat(terminal.complained())
        .contains("Error: SRNoSpace (44): ", home.toString(), " 0 bytes free. Free some MiB");
  }

  @Test
  void daemonInTheForegroundSaysThatItsHomeIsFull() throws IOException {
    fill(0);
    Path home = mounted.resolve("home");
    TestTerminal terminal = TestTerminal.create();
    int exitCode =
        Tools.run(
            List.of("daemon", "--foreground", "--home", home.toString()), terminal.terminal());
    assertThat(exitCode).isEqualTo(1);
    assertThat(terminal.complained())
        .contains("Error: SRNoSpace (44): ", home.toString(), " 0 bytes free. Free some MiB");
  }

  @Test
  void whateverIsLeftTheDaemonStartsOrSaysSo() throws Exception {
    int started = 0;
    for (int freeKib = 0; freeKib <= 400; freeKib += 3 * PAGE_KIB) {
      fill(freeKib);
      Path home = Files.createDirectory(mounted.resolve("home" + freeKib));
      try {
        Daemon.start(new StrataHome(home), List.of()).close();
        started++;
      } catch (StorageException refused) {
        assertThat(refused.code()).as("%d KiB left", freeKib).isEqualTo(ErrorCode.SR_NO_SPACE);
        assertThat(refused.what()).contains(home.toString()).containsPattern("has [0-9]+ bytes");
        assertThat(refused.remedy()).contains("--home");
      }
      removeAll(home);
      Files.delete(mounted.resolve("fill"));
    }
    assertThat(started).as("starts").isPositive();
  }

  @Test
  void secondDaemonIsNotToldThatTheHomeIsFull() throws Exception {
    StrataHome home = new StrataHome(mounted.resolve("home"));
    try (Daemon _ = Daemon.start(home, List.of())) {
      fill(0);
      assertThatThrownBy(() -> Daemon.start(home, List.of()))
          .isInstanceOfSatisfying(
              StorageException.class,
              refused -> assertThat(refused.code()).isEqualTo(ErrorCode.LOCK_ERR));
    }
  }

  private static void removeAll(Path home) throws IOException, InterruptedException {
    assertThat(run("rm", "-r", home.toString())).isTrue();
  }
}
