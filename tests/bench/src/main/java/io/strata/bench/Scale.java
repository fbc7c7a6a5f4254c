// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

/// How much a run does.
///
/// @param rounds repetitions of each measurement, interleaved between subjects
/// @param diskBytes size of most disks
/// @param seconds length of a timed load
/// @param snapshots length of the long chain
/// @param match what a load's name must contain to be run; empty for all
record Scale(int rounds, long diskBytes, double seconds, int snapshots, String match) {
  static final long MIB = 1L << 20;
  static final long GIB = 1L << 30;

  static Scale full() {
    return new Scale(3, GIB, 1.0, 1000, "");
  }

  static Scale quick() {
    return new Scale(1, 256 * MIB, 0.5, 100, "");
  }

  /// Length of one of the many loads on a server; more rounds tell more than longer ones.
  double loadSeconds() {
    return seconds * 0.7;
  }

  /// Whether a load is to be run.
  boolean wants(Workload workload) {
    return workload.name().contains(match);
  }

  /// 4 KiB writes that are a sixteenth of a disk.
  int scatteredWrites() {
    return (int) (diskBytes / 16 / Guest.BLOCK_BYTES);
  }
}
