// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.toolstack.daemon.Daemon;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StrataHomeTest {

  @Test
  void theOptionWinsOverTheEnvironment() {
    Map<String, String> environment = Map.of("STRATA_HOME", "/from/environment");
    assertThat(StrataHome.choose(Optional.of("/given"), environment).root())
        .isEqualTo(Path.of("/given"));
    assertThat(StrataHome.choose(Optional.empty(), environment).root())
        .isEqualTo(Path.of("/from/environment"));
  }

  @Test
  void theFolderOfSocketsIsClosedToOthersEvenWhereItWasOpen(@TempDir Path folder)
      throws IOException {
    StrataHome home = new StrataHome(folder.resolve("home"));
    Files.createDirectories(home.run());
    Files.setPosixFilePermissions(home.run(), PosixFilePermissions.fromString("rwxrwxrwx"));
    home.prepare();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(home.run())))
        .isEqualTo("rwx------");
  }

  @Test
  void aHomeTooLongForItsSocketsIsRefusedBeforeAnythingIsMade(@TempDir Path folder)
      throws IOException {
    int room = StrataHome.MOST_BYTES - folder.toString().length() - 1;
    new StrataHome(folder.resolve("h".repeat(room))).prepare();
    Path longer = folder.resolve("h".repeat(room + 1));
    assertThatThrownBy(new StrataHome(longer)::prepare)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("has " + (StrataHome.MOST_BYTES + 1) + " bytes")
        .hasMessageContaining("--home");
    assertThat(longer).doesNotExist();
  }

  @Test
  void theLongestHomeHasRoomForItsSockets(@TempDir Path folder) throws Exception {
    int room = StrataHome.MOST_BYTES - folder.toString().length() - 1;
    StrataHome home = new StrataHome(folder.resolve("h".repeat(room)));
    // The names of sockets that are being made vary in length.
    for (int i = 0; i < 10; i++) {
      try (Daemon _ = Daemon.start(home, List.of())) {
        assertThat(home.apiSocket()).exists();
      }
    }
  }
}
