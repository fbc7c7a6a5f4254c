// SPDX-License-Identifier: Apache-2.0
package io.strata.driver.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.host.Command;
import io.strata.host.ProcessResult;
import io.strata.host.ProcessRunner;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SrLockTest {
  private final SrUuid sr = SrUuid.random();

  @TempDir Path folder;

  @Test
  void anotherProcessIsRefusedUntilTheLockIsClosed() throws Exception {
    try (SrLock held = SrLock.take(folder, sr)) {
      assertThat(held).isNotNull();
      assertThat(takeInAnotherProcess()).contains("SR_IN_USE").contains(sr.toString());
    }

    assertThat(takeInAnotherProcess()).isEqualTo("taken");
  }

  @Test
  void aLaterAttachInTheSameProcessTakesTheLockOver() throws Exception {
    SrLock abandoned = SrLock.take(folder, sr);
    try (SrLock taken = SrLock.take(folder, sr)) {
      assertThat(taken).isNotSameAs(abandoned);
      abandoned.close();
      assertThat(takeInAnotherProcess()).contains("SR_IN_USE");
    }

    assertThat(takeInAnotherProcess()).isEqualTo("taken");
  }

  private String takeInAnotherProcess() throws StorageException {
    ProcessResult result =
        new ProcessRunner()
            .run(
                Command.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-cp",
                    System.getProperty("java.class.path"),
                    OtherProcess.class.getName(),
                    folder.toString(),
                    sr.toString()));
    return result.stdout().strip();
  }

  /// Takes the lock, says how that went, and ends.
  static final class OtherProcess {
    private OtherProcess() {}

    /// @param args folder and SR
    public static void main(String[] args) throws Exception {
      try (SrLock taken = SrLock.take(Path.of(args[0]), SrUuid.parse(args[1]))) {
        System.out.println(taken == null ? "" : "taken");
      } catch (StorageException refused) {
        System.out.println(refused.code() + " " + refused.what());
      }
    }
  }
}
