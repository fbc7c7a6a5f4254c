// SPDX-License-Identifier: Apache-2.0
package io.strata.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.manager.ImageFormat;
import io.strata.manager.ProgressListener;
import io.strata.toolstack.cli.Main;
import io.strata.toolstack.image.Conversion;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `strata demo` as a process of its own, with a scratch place of its own.
final class DemoTest {
  private static final int IMAGE_BYTES = 24 << 20;
  private static final int SIGTERM_EXIT = 128 + 15;

  /// Short: the daemon's sockets are below it.
  private @TempDir Path folder;

  private Path scratch = Path.of("/");
  private Path raw = Path.of("/");
  private Path log = Path.of("/");

  @BeforeEach
  void makeImage() throws IOException {
    scratch = Files.createDirectory(folder.resolve("t"));
    log = folder.resolve("log");
    raw = folder.resolve("disk.raw");
    byte[] bytes = new byte[IMAGE_BYTES];
    byte[] piece = new byte[IMAGE_BYTES / 3];
    new Random(1).nextBytes(piece);
    System.arraycopy(piece, 0, bytes, IMAGE_BYTES / 3, piece.length);
    Files.write(raw, bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Starting a daemon", "1. ", "3. ", "5. "})
  void aSignalLeavesNeitherFolderNorDaemon(String lastLine) throws Exception {
    Process demo = start(raw);
    try {
      while (demo.isAlive() && !Files.readString(log).contains(lastLine)) {
        Thread.sleep(2);
      }
      demo.destroy();
      assertThat(demo.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      demo.destroyForcibly();
    }
    assertThat(demo.exitValue()).as(Files.readString(log)).isEqualTo(SIGTERM_EXIT);
    assertThat(Files.readString(log)).contains("Interrupted");
    assertNothingLeft();
  }

  /// As most users' is: the tools that make file systems are in `sbin`.
  @Test
  void thePathNeedsNoSbin() throws Exception {
    Tool.require("mke2fs");
    Process demo = start("PATH=/nowhere");
    try {
      while (demo.isAlive() && !Files.readString(log).contains(" is in it")) {
        Thread.sleep(2);
      }
      assertThat(demo.isAlive()).as(Files.readString(log)).isTrue();
      demo.destroy();
      assertThat(demo.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      demo.destroyForcibly();
    }
    assertNothingLeft();
  }

  @Test
  void anImageMayBePacked() throws Exception {
    Path packed = folder.resolve("disk.raw.gz");
    pack(raw, packed);
    assertHolds(packed);
  }

  @Test
  void anImageMayBeAVhd() throws Exception {
    Path vhd = folder.resolve("disk.vhd");
    Conversion.convert(raw, ImageFormat.RAW, vhd, ImageFormat.VHD, false, ProgressListener.NONE);
    assertHolds(vhd);
    Path packed = folder.resolve("disk.vhd.gz");
    pack(vhd, packed);
    assertHolds(packed);
  }

  @ParameterizedTest
  @ValueSource(strings = {"bad.vhd", "bad.gz", "bad.raw", "bad.vhd.zst"})
  void anImageThatIsNoneIsRefused(String name) throws Exception {
    Path bad = Files.writeString(folder.resolve(name), "no image");
    Process demo = start(bad);
    assertThat(demo.waitFor(60, TimeUnit.SECONDS)).isTrue();
    String said = Files.readString(log);
    assertThat(demo.exitValue()).as(said).isEqualTo(1);
    assertThat(said).contains("Error: ").doesNotContain("\tat ").doesNotContain("Everything held");
    assertNothingLeft();
  }

  private void assertHolds(Path image) throws IOException, InterruptedException {
    Process demo = start(image);
    assertThat(demo.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(demo.exitValue()).as(Files.readString(log)).isZero();
    assertThat(Files.readString(log)).contains("Everything held");
    assertNothingLeft();
  }

  private void assertNothingLeft() throws IOException {
    assertThat(scratch).isEmptyDirectory();
    try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
      assertThat(all.map(ProcessHandle::info))
          .noneMatch(info -> info.commandLine().orElse("").contains(scratch + "/strata-demo"));
    }
  }

  private static void pack(Path from, Path to) throws IOException {
    try (OutputStream packed = new GZIPOutputStream(Files.newOutputStream(to))) {
      Files.copy(from, packed);
    }
  }

  private Process start(Path image) throws IOException {
    return start("LC_ALL=C.UTF-8", "--image", image.toString());
  }

  private Process start(String variable, String... options) throws IOException {
    List<String> command = new ArrayList<>();
    command.addAll(List.of("TMPDIR=" + scratch, variable));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(Main.class.getName(), "demo"));
    command.addAll(List.of(options));
    return new Tool(Path.of("/usr/bin/env")).start(log, command.toArray(String[]::new));
  }
}
