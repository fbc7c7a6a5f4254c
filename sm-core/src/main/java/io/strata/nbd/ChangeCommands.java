// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import io.strata.block.BlockDevice;
import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/// Carries out requests of one connection that change the device.
///
/// Forced unit access is a change and a flush, so that only [FlushGroup] ever makes anything
/// durable. For the connection's own thread.
final class ChangeCommands {
  private final Burst burst;

  ChangeCommands(Burst burst) {
    this.burst = burst;
  }

  /// Why no change of the range can be made.
  Optional<NbdError> refusal(long offsetBytes, long lengthBytes, NbdError beyondTheEnd) {
    BlockDevice device = burst.device();
    if (device.readOnly()) {
      return Optional.of(NbdError.PERMISSION);
    }
    Optional<NbdError> outside =
        RangeCheck.refusal(offsetBytes, lengthBytes, device.sizeBytes(), beyondTheEnd);
    if (outside.isPresent()) {
      return outside;
    }
    return burst.export().failed() ? Optional.of(NbdError.IO) : Optional.empty();
  }

  /// Writes one part of a request's payload.
  Optional<NbdError> write(long offsetBytes, ByteBuffer payload) {
    int length = payload.remaining();
    try {
      burst.device().write(offsetBytes, payload, Durability.WRITE_BACK);
      return Optional.empty();
    } catch (IOException | RuntimeException failure) {
      burst.export().deviceFailed("write", offsetBytes, length, failure);
      return Optional.of(NbdError.of(failure));
    } finally {
      burst.export().changed();
    }
  }

  void trim(long cookie, long offsetBytes, long lengthBytes, boolean durable) {
    burst.count(RequestCounters.TRIMS, 1);
    Optional<NbdError> refusal = refusal(offsetBytes, lengthBytes, NbdError.INVALID);
    if (refusal.isPresent()) {
      burst.fail(cookie, refusal.get());
      return;
    }
    try {
      try {
        burst.device().discard(offsetBytes, lengthBytes);
      } finally {
        burst.export().changed();
      }
      succeed(cookie, durable);
    } catch (IOException | RuntimeException failure) {
      burst.export().deviceFailed("trim", offsetBytes, lengthBytes, failure);
      burst.fail(cookie, NbdError.of(failure));
    }
  }

  void writeZeroes(long cookie, long offsetBytes, long lengthBytes, int flags) {
    burst.count(RequestCounters.ZEROES, 1);
    Optional<NbdError> refusal = refusal(offsetBytes, lengthBytes, NbdError.NO_SPACE);
    if (refusal.isPresent()) {
      burst.fail(cookie, refusal.get());
      return;
    }
    BlockDevice device = burst.device();
    Zeroing zeroing =
        (flags & NbdWire.CMD_FLAG_NO_HOLE) != 0 ? Zeroing.ALLOCATE : Zeroing.MAY_DEALLOCATE;
    if ((flags & NbdWire.CMD_FLAG_FAST_ZERO) != 0 && !device.fastZeroes(zeroing)) {
      burst.fail(cookie, NbdError.NOT_SUPPORTED);
      return;
    }
    try {
      try {
        device.writeZeroes(offsetBytes, lengthBytes, zeroing, Durability.WRITE_BACK);
      } finally {
        burst.export().changed();
      }
      succeed(cookie, (flags & NbdWire.CMD_FLAG_FUA) != 0);
    } catch (IOException | RuntimeException failure) {
      burst.export().deviceFailed("write zeroes", offsetBytes, lengthBytes, failure);
      burst.fail(cookie, NbdError.of(failure));
    }
  }

  void flush(long cookie) {
    burst.count(RequestCounters.FLUSHES, 1);
    burst.succeedAfterFlush(cookie);
  }

  void succeed(long cookie, boolean durable) {
    if (durable) {
      burst.succeedAfterFlush(cookie);
    } else {
      burst.succeed(cookie);
    }
  }
}
