// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NewFileTest {
  @TempDir Path folder;

  /// Whoever hears that it is there may destroy what it was made of.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void nameIsDurableOnceTheFileIsPublished(boolean replaces) throws IOException {
    Path file = folder.resolve("image.vhd");
    if (replaces) {
      Files.writeString(file, "old");
    }
    List<String> durable = new ArrayList<>();
    NewFile.FolderSync sync =
        synced -> {
          assertThat(synced).isEqualTo(folder);
          durable.add(Files.readString(file));
        };
    try (NewFile target = NewFile.plan(file, replaces, sync)) {
      Files.writeString(target.part(), "new");
      target.publish();
      assertThat(durable).containsExactly("new");
    }
    assertThat(folder).isDirectoryContaining("glob:**/image.vhd");
    assertThat(folder.toFile().list()).hasSize(1);
  }

  @Test
  void nameThatIsNotDurableIsAFailure() throws IOException {
    Path file = folder.resolve("image.vhd");
    NewFile.FolderSync broken =
        synced -> {
          throw new FileSystemException(synced.toString(), null, "Input/output error");
        };
    try (NewFile target = NewFile.plan(file, false, broken)) {
      Files.writeString(target.part(), "new");
      assertThatThrownBy(target::publish).isInstanceOf(FileSystemException.class);
    }
  }

  @Test
  void folderOnARealFilesystemIsSynced() throws IOException {
    Path file = folder.resolve("image.vhd");
    try (NewFile target = NewFile.plan(file, false)) {
      Files.writeString(target.part(), "new");
      target.publish();
    }
    assertThat(file).hasContent("new");
  }
}
