// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ProcessorTest {
  /// Of the fields after the name, as proc_pid_stat(5) numbers them from 3 on.
  private static final int NICE = 19 - 3;

  /// The lowest nice value of the threads of each name.
  private static Map<String, Integer> niceByName() throws IOException {
    Map<String, Integer> nice = new HashMap<>();
    try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
      for (Path thread : threads) {
        String stat = Files.readString(thread.resolve("stat"));
        int end = stat.lastIndexOf(')');
        String name = stat.substring(stat.indexOf('(') + 1, end);
        int value = Integer.parseInt(stat.substring(end + 2).split(" ", -1)[NICE]);
        nice.merge(name, value, Math::min);
      }
    }
    return nice;
  }

  @Test
  void compilersLetEveryoneElseGoFirst() throws IOException {
    Map<String, Integer> before = niceByName();
    assertThat(Processor.compilersYield()).isPositive();
    Map<String, Integer> after = niceByName();
    assertThat(after.get("C1 CompilerThre")).isGreaterThanOrEqualTo(5);
    assertThat(after.get("C2 CompilerThre")).isGreaterThanOrEqualTo(5);
    // Whoever collects garbage holds up the guests meanwhile.
    assertThat(after.get("VM Thread")).isEqualTo(before.get("VM Thread"));
  }
}
