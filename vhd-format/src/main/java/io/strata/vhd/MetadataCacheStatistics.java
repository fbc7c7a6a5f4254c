// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

/// What this process keeps in memory of its open images' bitmaps and merged parents.
///
/// @param heldBytes kept now
/// @param mostBytes the bound
/// @param misses blocks whose metadata had to be read; every other request found it in memory
/// @param shrinks how often an image gave up what it kept, because the bound was reached
public record MetadataCacheStatistics(long heldBytes, long mostBytes, long misses, long shrinks) {

  /// As they are now, for all images together.
  public static MetadataCacheStatistics now() {
    return MetadataBudget.PROCESS.statistics();
  }
}
