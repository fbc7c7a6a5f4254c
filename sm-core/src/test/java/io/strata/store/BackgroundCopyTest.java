// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class BackgroundCopyTest {
  /// Field "nice" of proc(5), stat: the 17th after the thread's name.
  private static long niceOfThisThread() throws IOException {
    String stat = Files.readString(Path.of("/proc/thread-self/stat"));
    return Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[16]);
  }

  @Test
  void othersGoFirstAndTheCallerIsNoDifferentAfterwards() throws IOException {
    long[] nice = {0};
    long before = niceOfThisThread();
    BackgroundCopy.run(() -> nice[0] = niceOfThisThread());
    assertThat(nice[0]).isEqualTo(Math.max(10, before));
    assertThat(niceOfThisThread()).isEqualTo(before);
  }

  @Test
  void failureIsTheCallers() {
    IOException failure = new IOException("no space");
    assertThatThrownBy(() ->
            BackgroundCopy.run(() -> {
              throw failure;
            }))
        .isSameAs(failure);
    IllegalStateException bug = new IllegalStateException();
    assertThatThrownBy(() ->
            BackgroundCopy.run(() -> {
              throw bug;
            }))
        .isSameAs(bug);
  }
}
