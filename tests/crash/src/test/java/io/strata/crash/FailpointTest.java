// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.manager.Failpoints;
import io.strata.spi.StorageException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The daemon's death at each failpoint, on real files. A new failpoint is a new test by itself,
/// and one that no verb passes fails it.
final class FailpointTest {
  @TempDir(factory = MemoryFolder.class)
  private Path folder;

  /// Keeps what a death at a point would leave on disk, and ends whoever passes it.
  private static final class Deadly implements Failpoints {
    private final String point;
    private final Path files;
    private final Path copy;
    private volatile boolean armed;

    Deadly(String point, Path files, Path copy) {
      this.point = point;
      this.files = files;
      this.copy = copy;
    }

    @Override
    public void hit(String name) {
      if (armed && name.equals(point)) {
        armed = false;
        try {
          Trees.copy(files, copy);
        } catch (IOException failed) {
          throw new UncheckedIOException(failed);
        }
        throw new Death(name);
      }
    }
  }

  static Stream<String> names() {
    return Failpoints.names().stream();
  }

  @Test
  void thereAreManyAndEachHasAName() {
    Set<String> names = Failpoints.names();
    assertThat(names).hasSizeGreaterThanOrEqualTo(60).allMatch(n -> n.matches("[a-z-]+\\.[a-z]+"));
  }

  @ParameterizedTest
  @MethodSource("names")
  void deathAtAnyPointLeavesNothingHalfDone(String point) throws IOException, StorageException {
    Path live = folder.resolve("f");
    Path copy = folder.resolve("g");
    Deadly deadly = new Deadly(point, live, copy);
    try (FailpointScene scene = new FailpointScene(live, deadly)) {
      deadly.armed = true;
      try {
        scene.run(FailpointScene.verb(point));
      } catch (Death expected) {
        assertThat(expected).hasMessage(point);
      }
      assertThat(Files.exists(copy)).as(point + " was passed").isTrue();
      scene.restartOn(copy);
      new FailpointJudgement(scene, point).pass();
    }
  }
}
