// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.provider.MethodSource;

/// Fuzzing guided by coverage: whatever an image's metadata say, reading, opening, checking,
/// repairing and writing throw nothing unchecked, and end.
///
/// Without `JAZZER_FUZZ` in the environment every bad image of the corpus is tried once; with it
/// they are what mutation starts from.
final class ImageFuzzTest {
  private static final FuzzedImage IMAGE = open();

  private static FuzzedImage open() {
    try {
      return new FuzzedImage();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  static Stream<byte[]> corpus() throws IOException {
    List<byte[]> seeds = new ArrayList<>();
    for (BadImage bad : BadImages.all()) {
      seeds.add(IMAGE.encode(bad.image()));
    }
    return seeds.stream();
  }

  @MethodSource("corpus")
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  @FuzzTest(maxDuration = "45s")
  void imageIsAnsweredAndRepairedWithoutHarm(byte[] input) throws IOException {
    check(input);
  }

  @Tag("soak")
  @MethodSource("corpus")
  @Timeout(value = 1, unit = TimeUnit.HOURS)
  @FuzzTest(maxDuration = "5m")
  void imageIsAnsweredAndRepairedForLong(byte[] input) throws IOException {
    check(input);
  }

  private static void check(byte[] input) throws IOException {
    HarmlessRepair.check(IMAGE.decode(input), IMAGE.parents());
    HarmlessRepair.write(IMAGE.decode(input), IMAGE.parents());
  }
}
