// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

/// What a crash did to a change that no barrier had made durable.
enum Fate {
  /// It reached the medium.
  KEPT,
  /// It did not.
  LOST,
  /// Some of its sectors did.
  TORN
}
