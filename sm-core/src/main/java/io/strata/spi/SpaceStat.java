// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

/// Space of an SR, in bytes.
///
/// @param totalBytes size of the storage
/// @param freeBytes what new data may still take
public record SpaceStat(long totalBytes, long freeBytes) {

  /// What is taken.
  public long usedBytes() {
    return totalBytes - freeBytes;
  }
}
