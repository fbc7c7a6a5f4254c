// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.io.IOException;

/// Carries out requests of one connection that neither carry data nor change anything.
///
/// For the connection's own thread.
final class QueryCommands {
  /// So much of a range is read ahead at most: the request is a hint.
  private static final long CACHE_BYTES = 32L << 20;

  private final Burst burst;
  private final BlockStatus status;

  QueryCommands(Burst burst, BlockStatus status) {
    this.burst = burst;
    this.status = status;
  }

  /// Answers `BLOCK_STATUS` for a range that was checked.
  void blockStatus(long cookie, long offsetBytes, long lengthBytes, boolean one) {
    burst.count(RequestCounters.BLOCK_STATUSES, 1);
    try {
      status.query(burst.device(), offsetBytes, lengthBytes, one ? 1 : BlockStatus.MAX_DESCRIPTORS);
    } catch (IOException | RuntimeException failure) {
      burst.export().deviceFailed("block status", offsetBytes, lengthBytes, failure);
      burst.fail(cookie, NbdError.of(failure));
      return;
    }
    ReplyBatch replies = burst.replies();
    replies.blockStatus(cookie, status.count());
    for (int i = 0; i < status.count(); i++) {
      replies.descriptor(status.length(i), status.state(i));
    }
    burst.answered();
  }

  /// Reads a range that was checked, so that what caches there are hold it.
  void cache(long cookie, long offsetBytes, long lengthBytes) throws IOException {
    long end = offsetBytes + Math.min(lengthBytes, CACHE_BYTES);
    try {
      for (long at = offsetBytes; at < end; at += ReplyBatch.MAX_PAYLOAD_BYTES) {
        int length = (int) Math.min(end - at, ReplyBatch.MAX_PAYLOAD_BYTES);
        burst.makeRoom(length);
        burst.device().read(at, burst.replies().payloadRoom(length));
      }
      burst.succeed(cookie);
    } catch (IOException | RuntimeException failure) {
      burst.export().deviceFailed("cache", offsetBytes, lengthBytes, failure);
      burst.fail(cookie, NbdError.of(failure));
    }
  }
}
