// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

/// How a volume is opened or attached.
public enum AccessMode {
  /// Reading only.
  RO,
  /// Reading and writing, by one at a time.
  RW
}
