// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.FileContainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FolderParentsTest {
  private static final long SIZE_BYTES = 4L << 20;

  private @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 6, 510, 511, 512, 1023, 1024, 1536})
  void filesThatAreNoVhdDoNotHideAParent(int bytes) throws IOException {
    Files.write(folder.resolve("other.vhd"), new byte[bytes]);
    Files.createSymbolicLink(folder.resolve("link.vhd"), folder.resolve("nowhere"));
    Files.createDirectory(folder.resolve("folder.vhd"));
    child();
    try (VhdChain chain =
        VhdChain.open(
            FileContainer.openReadOnly(folder.resolve("child.vhd")),
            false,
            new FolderParents(folder))) {
      assertThat(chain.sizeBytes()).isEqualTo(SIZE_BYTES);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 6, 510, 511, 512, 1023, 1024, 1536})
  void aFileTooShortForAFooterIsCorrupt(int bytes) throws IOException {
    Path file = Files.write(folder.resolve("short.vhd"), new byte[bytes]);
    try (FileContainer container = FileContainer.openReadOnly(file)) {
      assertThatThrownBy(() -> VhdInfo.read(container))
          .isInstanceOf(VhdCorruptException.class)
          .hasMessageContaining("short.vhd");
    }
  }

  @Test
  void aMissingParentIsNamed() throws IOException {
    child();
    Files.delete(folder.resolve("parent.vhd"));
    assertThatThrownBy(() ->
            VhdChain.open(
                FileContainer.openReadOnly(folder.resolve("child.vhd")),
                false,
                new FolderParents(folder)))
        .isInstanceOf(VhdRejectedException.class)
        .hasMessageContaining("needs the parent");
  }

  @ParameterizedTest
  @ValueSource(strings = {"PARENT.VHD", "parent.Vhd", "parent.avhd", "parent_1.AVHD"})
  void parentsAreFoundAsOtherProgramsNameThem(String name) throws IOException {
    child(name);
    try (VhdChain chain =
        VhdChain.open(
            FileContainer.openReadOnly(folder.resolve("child.vhd")),
            false,
            new FolderParents(folder))) {
      assertThat(chain.depth()).isEqualTo(2);
    }
  }

  private void child() throws IOException {
    child("parent.vhd");
  }

  private void child(String parentName) throws IOException {
    try (FileContainer parent = FileContainer.create(folder.resolve(parentName));
        FileContainer child = FileContainer.create(folder.resolve("child.vhd"))) {
      VhdCreator.dynamic(parent, UUID.randomUUID(), SIZE_BYTES);
      VhdCreator.differencing(child, UUID.randomUUID(), parent, parentName);
    }
  }
}
