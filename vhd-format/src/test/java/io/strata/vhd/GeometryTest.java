// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The cases of the specification's appendix "CHS Calculation", worked by hand from its pseudocode.
final class GeometryTest {

  @ParameterizedTest
  @CsvSource({
    // sectors, cylinders, heads, sectors per track
    "0, 0, 4, 17",
    "68, 1, 4, 17",
    "20480, 301, 4, 17", // 10 MiB
    "69631, 1023, 4, 17", // the last with 4 heads
    "69632, 140, 16, 31", // exactly 4 x 1024 tracks: the pseudocode skips the fifth head
    "69649, 819, 5, 17",
    "204800, 1003, 12, 17", // 100 MiB
    "278527, 1023, 16, 17", // the last with 17 sectors a track
    "278528, 561, 16, 31",
    "507903, 1023, 16, 31",
    "507904, 503, 16, 63",
    "2097152, 2080, 16, 63", // 1 GiB
    "66059279, 65534, 16, 63",
    "66059280, 16191, 16, 255",
    "267382800, 65535, 16, 255",
    "4278190080, 65535, 16, 255" // 2040 GiB
  })
  void geometryIsTheSpecifications(long sectors, int cylinders, int heads, int perTrack) {
    assertThat(Geometry.ofSize(sectors * 512)).isEqualTo(new Geometry(cylinders, heads, perTrack));
  }

  @Test
  void geometryNeverDescribesMoreThanTheDisk() {
    Random random = new Random(5);
    for (int i = 0; i < 100_000; i++) {
      long size = random.nextLong(1L << random.nextInt(10, 42)) / 512 * 512;
      Geometry geometry = Geometry.ofSize(size);
      assertThat(geometry.sizeBytes()).as("size %d", size).isLessThanOrEqualTo(size);
      assertThat(geometry.heads()).as("size %d", size).isBetween(4, 16);
      assertThat(Geometry.ofPacked(geometry.packed())).isEqualTo(geometry);
    }
  }
}
