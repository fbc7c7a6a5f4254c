// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A range of a file that has storage of its own, which writes replace in place.
///
/// It comes from the ioctl `FS_IOC_FIEMAP`, which looks at one extent, where a search for the next
/// hole may walk through all of them.
///
/// | struct fiemap | bytes | |
/// |---|---|---|
/// | `fm_start`, `fm_length` | 16 | the range asked for |
/// | `fm_flags`, `fm_mapped_extents`, `fm_extent_count`, `fm_reserved` | 16 | how many were found, and how many fit |
/// | `fe_logical`, `fe_physical`, `fe_length` | 24 | the extent |
/// | `fe_reserved64` | 16 | |
/// | `fe_flags`, `fe_reserved` | 16 | |
///
/// Source: linux/fiemap.h.
record FileExtent(long startBytes, long endBytes) {
  static final FileExtent NONE = new FileExtent(0, 0);

  private static final long FS_IOC_FIEMAP = 0xC020660BL;
  private static final long FIEMAP_BYTES = 88;
  private static final long LENGTH_AT = 8;
  private static final long MAPPED_EXTENTS_AT = 20;
  private static final long EXTENT_COUNT_AT = 24;
  private static final long EXTENT_LOGICAL_AT = 32;
  private static final long EXTENT_LENGTH_AT = 48;
  private static final long EXTENT_FLAGS_AT = 72;

  /// `FIEMAP_EXTENT_LAST` and `FIEMAP_EXTENT_MERGED`, which say nothing against it. With any other
  /// it is not written yet, shared, compressed, or the like.
  private static final int HARMLESS_FLAGS = 0x1 | 0x1000;

  /// How much is looked at: the kernel tells of no more than it was asked for.
  private static final long WINDOW_BYTES = 8L << 20;

  /// What the extent that holds a place has from there on, up to 8 MiB of it; or none.
  static FileExtent at(int fd, long offsetBytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment map = arena.allocate(FIEMAP_BYTES, Long.BYTES);
      map.set(ValueLayout.JAVA_LONG, 0, offsetBytes);
      map.set(ValueLayout.JAVA_LONG, LENGTH_AT, WINDOW_BYTES);
      map.set(ValueLayout.JAVA_INT, EXTENT_COUNT_AT, 1);
      if (LinuxCalls.ioctl(fd, FS_IOC_FIEMAP, map) != 0
          || map.get(ValueLayout.JAVA_INT, MAPPED_EXTENTS_AT) != 1
          || (map.get(ValueLayout.JAVA_INT, EXTENT_FLAGS_AT) & ~HARMLESS_FLAGS) != 0) {
        return NONE;
      }
      long start = map.get(ValueLayout.JAVA_LONG, EXTENT_LOGICAL_AT);
      return new FileExtent(start, start + map.get(ValueLayout.JAVA_LONG, EXTENT_LENGTH_AT));
    }
  }

  boolean holds(long offsetBytes, long lengthBytes) {
    return offsetBytes >= startBytes && offsetBytes + lengthBytes <= endBytes;
  }
}
