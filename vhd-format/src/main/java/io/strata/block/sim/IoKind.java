// SPDX-License-Identifier: Apache-2.0
package io.strata.block.sim;

/// What is asked of a container, as far as faults tell it apart.
public enum IoKind {
  /// Bytes are read.
  READ,
  /// Bytes are written.
  WRITE,
  /// A range is made zero.
  ZERO,
  /// A range is discarded.
  DISCARD,
  /// The container grows.
  GROW,
  /// Changes are made durable.
  FLUSH,
  /// A container is made, opened, renamed or removed, names are made durable, or the SR's own
  /// description is read or written.
  NAME
}
