// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

/// What this process keeps in memory of its open images' bitmaps and merged parents.
///
/// @param heldBytes kept now
/// @param mostBytes the bound
/// @param hits times that a block's metadata was looked for and found in memory
/// @param misses times that it had to be read
/// @param shrinks how often an image gave up what it kept, because the bound was reached
public record MetadataCacheStatistics(
    long heldBytes, long mostBytes, long hits, long misses, long shrinks) {

  /// As they are now, for all images together.
  public static MetadataCacheStatistics now() {
    return MetadataBudget.PROCESS.statistics();
  }
}
