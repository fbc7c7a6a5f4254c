// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.spi.StorageException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a killed daemon wrote last can be read, and is not durable: a store is attached on it.
final class AttachingTest {
  @TempDir private Path folder;

  private final List<String> calls = new ArrayList<>();

  private ContainerStore store(String failing) {
    return RefusingStore.over(
        new DirectoryStore(folder),
        (call, _) -> {
          calls.add(call);
          return call.equals(failing);
        });
  }

  @Test
  void whatIsThereIsMadeDurableBeforeItIsLookedAt() throws Exception {
    new VhdRepository(store("")).close();
    assertThat(calls.getFirst()).isEqualTo("syncAll");
  }

  @Test
  void storeThatCantBeMadeDurableIsNotAttached() {
    assertThatThrownBy(() -> new VhdRepository(store("syncAll")))
        .isInstanceOf(StorageException.class);
    assertThat(calls).doesNotContain("replace", "delete", "create", "open");
  }

  @Test
  void folderThatIsGoneIsSaidSo() {
    assertThatThrownBy(() -> new DirectoryStore(folder.resolve("gone")).syncAll())
        .isInstanceOf(java.nio.file.NoSuchFileException.class);
  }
}
