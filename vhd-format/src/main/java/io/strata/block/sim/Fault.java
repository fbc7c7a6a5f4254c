// SPDX-License-Identifier: Apache-2.0
package io.strata.block.sim;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A way in which storage fails.
public enum Fault {
  /// The I/O fails and changes nothing. A flush that fails so loses every change since the last
  /// good one, and the next flush succeeds, as with Linux' page cache.
  EIO,
  /// There is no space left; nothing changes. A flush that fails so loses what one that fails with
  /// [#EIO] does: file systems that find space late, and NFS, say so only then.
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
            case WRITE, ZERO, GROW, FLUSH, NAME -> true;
            case READ, DISCARD -> false;
          };
      case SHORT_WRITE, TORN_WRITE, LOST_WRITE, MISDIRECTED_WRITE -> kind == IoKind.WRITE;
      case BIT_FLIP -> kind == IoKind.READ;
    };
  }

  /// The I/Os that this can happen to.
  Set<IoKind> kinds() {
    return Stream.of(IoKind.values())
        .filter(this::appliesTo)
        .collect(Collectors.toUnmodifiableSet());
  }

  /// Whether success is reported although something is wrong.
  public boolean silent() {
    return switch (this) {
      case LOST_WRITE, MISDIRECTED_WRITE, BIT_FLIP -> true;
      case EIO, ENOSPC, SHORT_WRITE, TORN_WRITE, STALL -> false;
    };
  }
}
