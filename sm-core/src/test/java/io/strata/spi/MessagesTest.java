// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.EOFException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

class MessagesTest {
  @Test
  void reasonIsWhatTheKernelSaysWithoutTheFile() {
    assertThat(Messages.reason(new FileSystemException("/a/b", null, "Read-only file system")))
        .isEqualTo("Read-only file system");
    assertThat(Messages.reason(new IOException("No space left on device")))
        .isEqualTo("No space left on device");
    assertThat(Messages.reason(new NoSuchFileException("/a/b")))
        .isEqualTo("No such file or directory");
    assertThat(Messages.reason(new AccessDeniedException("/a/b"))).isEqualTo("Permission denied");
    assertThat(Messages.reason(new FileAlreadyExistsException("/a/b"))).isEqualTo("File exists");
    assertThat(Messages.reason(new EOFException())).isEqualTo("Input/output error");
  }
}
