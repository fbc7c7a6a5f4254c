// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.BlockDevice;
import java.io.IOException;
import java.util.List;

/// What a disk may be as a whole.
///
/// @param sizeBytes how large it is
/// @param sectors what each of its sectors may hold
record DiskModel(long sizeBytes, SectorModel sectors) {

  static DiskModel zeroes(long sizeBytes) {
    return new DiskModel(sizeBytes, SectorModel.zeroes());
  }

  DiskModel writing(long offsetBytes, byte[] bytes) {
    return with(sectors.writing(offsetBytes, bytes));
  }

  DiskModel flushed() {
    return with(sectors.flushed());
  }

  DiskModel with(SectorModel other) {
    return new DiskModel(sizeBytes, other);
  }

  DiskModel grown(long newBytes) {
    return new DiskModel(newBytes, sectors);
  }

  /// What takes the place of another one: of that, nothing may be seen.
  DiskModel inPlaceOf(DiskModel other) {
    return with(sectors.watching(other.sectors));
  }

  /// Checks that a disk is one of these as a whole.
  ///
  /// @param everywhere whether to read all of it, and not only what ever differed from zero
  static void checkOne(List<DiskModel> alternatives, BlockDevice device, boolean everywhere)
      throws IOException {
    CrashViolation latest = new CrashViolation("a disk that may be nothing");
    for (DiskModel alternative : alternatives) {
      try {
        alternative.check(device, everywhere);
        return;
      } catch (CrashViolation other) {
        latest = other;
      }
    }
    throw latest;
  }

  private void check(BlockDevice device, boolean everywhere) throws IOException {
    if (device.sizeBytes() != sizeBytes) {
      throw new CrashViolation("size is " + device.sizeBytes() + ", not " + sizeBytes);
    }
    if (everywhere) {
      sectors.checkAll(device);
    }
    sectors.checkTouched(device);
  }
}
