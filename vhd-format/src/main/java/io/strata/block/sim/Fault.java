// SPDX-License-Identifier: Apache-2.0
package io.strata.block.sim;

/// A way in which storage fails.
public enum Fault {
  /// The I/O fails and changes nothing. A flush that fails so loses every change since the last
  /// good one, and the next flush succeeds, as with Linux' page cache.
  EIO,
  /// There is no space left; nothing changes.
  ENOSPC,
  /// A leading part of the sectors is written; then the I/O fails.
  SHORT_WRITE,
  /// Some of the sectors are written; then the I/O fails.
  TORN_WRITE,
  /// Nothing is written, and success is reported.
  LOST_WRITE,
  /// The bytes land elsewhere in the container, and success is reported.
  MISDIRECTED_WRITE,
  /// One bit of what is read is wrong, and success is reported.
  BIT_FLIP,
  /// The I/O takes a while, of bounded length, and succeeds.
  STALL;

  /// Whether this can happen to such an I/O.
  public boolean appliesTo(IoKind kind) {
    return switch (this) {
      case EIO, STALL -> true;
      case ENOSPC ->
          switch (kind) {
            case WRITE, ZERO, GROW, NAME -> true;
            case READ, DISCARD, FLUSH -> false;
          };
      case SHORT_WRITE, TORN_WRITE, LOST_WRITE, MISDIRECTED_WRITE -> kind == IoKind.WRITE;
      case BIT_FLIP -> kind == IoKind.READ;
    };
  }

  /// Whether success is reported although something is wrong.
  public boolean silent() {
    return switch (this) {
      case LOST_WRITE, MISDIRECTED_WRITE, BIT_FLIP -> true;
      case EIO, ENOSPC, SHORT_WRITE, TORN_WRITE, STALL -> false;
    };
  }
}
