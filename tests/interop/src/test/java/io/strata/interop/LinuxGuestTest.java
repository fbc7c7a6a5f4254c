// SPDX-License-Identifier: Apache-2.0
package io.strata.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LinuxGuestTest {

  @TempDir Path directory;

  @Test
  void guestOfThisHarnessWorksOnQemusOwnServer() throws IOException, InterruptedException {
    Guest guest = Guest.prepare(directory);
    Path disk = directory.resolve("disk.raw");
    Path socket = directory.resolve("s");
    Tool.require("qemu-img").run("create", "-f", "raw", disk.toString(), "256M").ok();
    Process server =
        Tool.require("qemu-nbd")
            .start(
                directory.resolve("log"),
                "--format=raw",
                "--persistent",
                "--socket=" + socket,
                "--export-name=x",
                "--discard=unmap",
                disk.toString());
    try {
      for (int i = 0; i < 100 && !Files.exists(socket); i++) {
        Thread.sleep(50);
      }
      String uri = "nbd+unix:///x?socket=" + socket;
      guest.run(uri, "write");
      guest.run(uri, "verify-and-write");
      assertThat(server.isAlive()).isTrue();
    } finally {
      server.destroy();
    }
  }
}
