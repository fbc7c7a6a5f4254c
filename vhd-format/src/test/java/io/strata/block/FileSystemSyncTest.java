// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileSystemSyncTest {
  @TempDir Path folder;

  @Test
  void folderIsSynced() {
    assertThatCode(() -> FileSystemSync.ofFolder(folder)).doesNotThrowAnyException();
  }

  /// As CIFS: fsync(2) of a folder says EINVAL.
  @Test
  void folderOfAFilesystemThatCantSyncFoldersIsSyncedWithAllOfIt() throws IOException {
    Path proc = Path.of("/proc");
    try (FileChannel channel = FileChannel.open(proc, StandardOpenOption.READ)) {
      assertThatThrownBy(() -> channel.force(true)).isInstanceOf(IOException.class);
    }
    assertThatCode(() -> FileSystemSync.ofFolder(proc)).doesNotThrowAnyException();
  }

  @Test
  void missingFolderIsNamed() {
    Path missing = folder.resolve("missing");
    assertThatThrownBy(() -> FileSystemSync.ofFolder(missing))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessage(missing.toString());
  }
}
