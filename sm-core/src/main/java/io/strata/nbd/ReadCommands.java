// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;

/// Carries out the reads of one connection that fit into a batch of replies, and hands longer ones
/// on.
///
/// A read is not carried out before it is known whether the next request adjoins: [#finish] ends
/// that. For the connection's own thread.
final class ReadCommands {
  /// From here on a read is worth a look for data to send without copying, and for holes.
  private static final int LARGE_BYTES = 64 << 10;

  private final Burst burst;
  private final ReplyBatch replies;
  private final LargeReads largeReads;
  private final AdjoiningReads adjoining = new AdjoiningReads();

  ReadCommands(Burst burst, LargeReads largeReads) {
    this.burst = burst;
    this.replies = burst.replies();
    this.largeReads = largeReads;
  }

  /// Takes a read whose range was checked.
  void read(long cookie, long offsetBytes, int lengthBytes, boolean unfragmented)
      throws IOException {
    if (lengthBytes >= LARGE_BYTES) {
      finish();
      largeReads.read(cookie, offsetBytes, lengthBytes, unfragmented);
      return;
    }
    if (!adjoining.accepts(offsetBytes, lengthBytes)) {
      finish();
    }
    adjoining.add(cookie, offsetBytes, lengthBytes);
  }

  /// Carries out the reads taken so far.
  void finish() throws IOException {
    if (adjoining.isEmpty()) {
      return;
    }
    if (!replies.fits(adjoining.lengthBytes()) || !replies.fitsMerged(adjoining.count())) {
      burst.sendNow();
    }
    ByteBuffer room = replies.payloadRoom(adjoining.lengthBytes());
    try {
      burst.device().read(adjoining.offsetBytes(), room);
      answerAll();
    } catch (IOException | RuntimeException failure) {
      answerFailed(failure);
    }
    adjoining.clear();
  }

  private void answerAll() {
    long at = adjoining.offsetBytes();
    for (int i = 0; i < adjoining.count(); i++) {
      int length = adjoining.length(i);
      if (i == 0) {
        replies.readReply(adjoining.cookie(i), at, length, true);
      } else {
        replies.mergedReadReply(adjoining.cookie(i), at, length);
      }
      at += length;
      countRead(length);
    }
  }

  /// One by one, so that only those fail that must.
  private void answerFailed(Throwable failure) throws IOException {
    if (adjoining.count() == 1) {
      fail(adjoining.cookie(0), adjoining.offsetBytes(), adjoining.length(0), failure);
      return;
    }
    long at = adjoining.offsetBytes();
    for (int i = 0; i < adjoining.count(); i++) {
      readAlone(adjoining.cookie(i), at, adjoining.length(i));
      at += adjoining.length(i);
    }
  }

  private void readAlone(long cookie, long offsetBytes, int lengthBytes) throws IOException {
    burst.makeRoom(lengthBytes);
    try {
      burst.device().read(offsetBytes, replies.payloadRoom(lengthBytes));
      replies.readReply(cookie, offsetBytes, lengthBytes, true);
      countRead(lengthBytes);
    } catch (IOException | RuntimeException failure) {
      fail(cookie, offsetBytes, lengthBytes, failure);
    }
  }

  private void countRead(int lengthBytes) {
    burst.count(RequestCounters.READS, 1);
    burst.count(RequestCounters.READ_BYTES, lengthBytes);
    burst.answered();
  }

  private void fail(long cookie, long offsetBytes, int lengthBytes, Throwable failure) {
    burst.export().deviceFailed("read", offsetBytes, lengthBytes, failure);
    burst.count(RequestCounters.READS, 1);
    burst.fail(cookie, NbdError.of(failure));
  }
}
