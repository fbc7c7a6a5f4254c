// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/// What a whole disk holds: runs of one value each, and zeroes elsewhere.
///
/// @param runs the value of the bytes of each run by its first byte
record ManagerFaultContent(long sizeBytes, Map<Long, Integer> runs) {
  static final int RUN_BYTES = 8192;

  ManagerFaultContent {
    runs = Map.copyOf(runs);
  }

  static ManagerFaultContent zeroes(long sizeBytes) {
    return new ManagerFaultContent(sizeBytes, Map.of());
  }

  /// As large, and empty.
  ManagerFaultContent zeroed() {
    return zeroes(sizeBytes);
  }

  ManagerFaultContent with(long offsetBytes, int value) {
    Map<Long, Integer> more = new TreeMap<>(runs);
    more.put(offsetBytes, value);
    return new ManagerFaultContent(sizeBytes, more);
  }

  /// With whole runs of a value.
  ManagerFaultContent filled(long offsetBytes, long lengthBytes, int value) {
    ManagerFaultContent filled = this;
    for (long at = offsetBytes; at < offsetBytes + lengthBytes; at += RUN_BYTES) {
      filled = filled.with(at, value);
    }
    return filled;
  }

  ManagerFaultContent resized(long newSizeBytes) {
    return new ManagerFaultContent(newSizeBytes, runs);
  }

  byte[] bytes() {
    byte[] bytes = new byte[Math.toIntExact(sizeBytes)];
    runs.forEach((offset, value) -> {
      int start = Math.toIntExact(offset);
      Arrays.fill(bytes, start, start + RUN_BYTES, value.byteValue());
    });
    return bytes;
  }
}
