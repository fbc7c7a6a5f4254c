// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.spi.StorageException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DemoFolderTest {
  private @TempDir Path temporary;

  @Test
  void itIsTheOwnersAloneAndGoesWithAllThatIsInIt() throws Exception {
    DemoFolder folder = DemoFolder.make(temporary);
    assertThat(Files.getPosixFilePermissions(folder.root())).hasSize(3);
    Files.createDirectories(folder.home().resolve("run"));
    Files.createSymbolicLink(folder.home().resolve("link"), temporary);
    folder.delete();
    folder.delete();
    assertThat(temporary).isEmptyDirectory();
  }

  @Test
  void aPlaceThatIsNoneIsRefused() {
    assertThatThrownBy(() -> DemoFolder.make(temporary.resolve("nowhere")))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("nowhere");
  }

  @Test
  void aPlaceTooDeepForSocketsIsRefused() throws Exception {
    Path deep = Files.createDirectory(temporary.resolve("x".repeat(60)));
    assertThatThrownBy(() -> DemoFolder.make(deep))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("too long");
    assertThat(deep).isEmptyDirectory();
  }
}
