// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

/// How often a device found its own metadata in memory.
///
/// @param hits times that it was looked for and found
/// @param misses times that it had to be read
public record CacheUse(long hits, long misses) {
  /// Of a device that keeps none.
  public static final CacheUse NONE = new CacheUse(0, 0);
}
