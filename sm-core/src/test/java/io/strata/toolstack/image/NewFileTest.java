// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
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
  void contentIsDurableBeforeTheNameAndTheNameOnceTheFileIsPublished(boolean replaces)
      throws IOException, StorageException {
    Path file = folder.resolve("image.vhd");
    if (replaces) {
      Files.writeString(file, "old");
    }
    List<String> durable = new ArrayList<>();
    try (NewFile target = NewFile.plan(file, replaces, recorder(file, durable))) {
      Files.writeString(target.part(), "new");
      target.publish();
      assertThat(durable)
          .containsExactly("new, beside " + (replaces ? "old" : "nothing"), "new under its name");
    }
    assertThat(folder.toFile().list()).containsExactly("image.vhd");
  }

  private Names recorder(Path file, List<String> durable) {
    return new Names() {
      @Override
      public void syncContent(Path written) throws IOException {
        String there = Files.exists(file) ? Files.readString(file) : "nothing";
        durable.add(Files.readString(written) + ", beside " + there);
      }

      @Override
      public void sync(Path synced) throws IOException {
        assertThat(synced).isEqualTo(folder);
        durable.add(Files.readString(file) + " under its name");
      }
    };
  }

  /// A regular file in their place would take them from everybody else.
  @Test
  void devicesPipesFoldersAndLinksAreNotReplaced() throws Exception {
    Path target = Files.writeString(folder.resolve("target"), "kept");
    Path link = Files.createSymbolicLink(folder.resolve("link.raw"), target);
    Path nowhere = Files.createSymbolicLink(folder.resolve("nowhere.raw"), folder.resolve("none"));
    Path sub = Files.createDirectory(folder.resolve("sub.raw"));
    Path pipe = folder.resolve("pipe.raw");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    assertNotReplaced(link, "a symbolic link");
    assertNotReplaced(nowhere, "a symbolic link");
    assertNotReplaced(sub, "a folder");
    assertNotReplaced(pipe, "a named pipe");
    assertNotReplaced(Path.of("/dev/null"), "a device");
    assertThat(folder.toFile().list())
        .containsExactlyInAnyOrder("target", "link.raw", "nowhere.raw", "sub.raw", "pipe.raw");
  }

  private static void assertNotReplaced(Path file, String kind) {
    assertThatThrownBy(() -> NewFile.plan(file, true).close())
        .as("%s", file)
        .isInstanceOfSatisfying(
            StorageException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARG);
              assertThat(e.what()).isEqualTo("'" + file + "' is " + kind + ".");
            });
  }

  @Test
  void nameThatIsNotDurableIsAFailure() throws IOException, StorageException {
    Path file = folder.resolve("image.vhd");
    Names broken =
        new Names() {
          @Override
          public void sync(Path synced) throws IOException {
            throw new FileSystemException(synced.toString(), null, "Input/output error");
          }
        };
    try (NewFile target = NewFile.plan(file, false, broken)) {
      Files.writeString(target.part(), "new");
      assertThatThrownBy(target::publish).isInstanceOf(FileSystemException.class);
    }
  }

  @Test
  void folderOnARealFilesystemIsSynced() throws IOException, StorageException {
    Path file = folder.resolve("image.vhd");
    try (NewFile target = NewFile.plan(file, false)) {
      Files.writeString(target.part(), "new");
      target.publish();
    }
    assertThat(file).hasContent("new");
  }

  @Test
  void filesystemsWithoutHardLinksTakeAFile() throws IOException, StorageException {
    Path file = folder.resolve("image.vhd");
    try (NewFile target = NewFile.plan(file, false, WITHOUT_LINKS)) {
      Files.writeString(target.part(), "new");
      target.publish();
    }
    assertThat(file).hasContent("new");
    assertThat(folder.toFile().list()).containsExactly("image.vhd");
  }

  @Test
  void fileThatAppearedMeanwhileStaysWithoutHardLinks() throws IOException, StorageException {
    Path file = folder.resolve("image.vhd");
    try (NewFile target = NewFile.plan(file, false, WITHOUT_LINKS)) {
      Files.writeString(target.part(), "new");
      Files.writeString(file, "another's");
      assertThatThrownBy(target::publish).isInstanceOf(FileAlreadyExistsException.class);
    }
    assertThat(file).hasContent("another's");
  }

  private static final Names WITHOUT_LINKS =
      new Names() {
        @Override
        public void link(Path added, Path existing) throws IOException {
          throw new FileSystemException(added.toString(), null, "Operation not permitted");
        }
      };

  /// A filesystem's, with one that is not so.
  private abstract static class Names implements NewFile.Names {
    @Override
    public void link(Path added, Path existing) throws IOException {
      OF_FILESYSTEM.link(added, existing);
    }

    @Override
    public void syncContent(Path written) throws IOException {
      OF_FILESYSTEM.syncContent(written);
    }

    @Override
    public void sync(Path folder) throws IOException {
      OF_FILESYSTEM.sync(folder);
    }
  }
}
