// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import io.strata.block.BlockDevice;
import java.io.IOException;
import java.util.function.BooleanSupplier;

/// The requests of one connection that are worked off together: they pass the export's gate once,
/// share flushes, and their replies are sent at once.
///
/// For the connection's own thread.
final class Burst {
  /// A burst that takes longer sends what it has: a slow device must not hold back replies.
  private static final long SEND_AFTER_NANOS = 500_000;

  /// The time is looked at once for so many requests.
  private static final int REQUESTS_PER_LOOK = 4;

  private final NbdExport export;
  private final RequestGate.Pass pass;
  private final ReplyBatch replies;
  private final RequestCounters counters;
  private final PendingFlushes pendingFlushes = new PendingFlushes();
  private BlockDevice device;
  private long startNanos;
  private int received;
  private int answered;
  private int looks;

  Burst(NbdExport export, RequestGate.Pass pass, ReplyBatch replies, RequestCounters counters) {
    this.export = export;
    this.pass = pass;
    this.replies = replies;
    this.counters = counters;
    this.device = export.device();
  }

  /// The device, the same until [#end], [#sendNow] or [#flushIfDue].
  BlockDevice device() {
    return device;
  }

  NbdExport export() {
    return export;
  }

  ReplyBatch replies() {
    return replies;
  }

  /// Starts with what has just been received.
  void begin() throws IOException {
    received = 0;
    startNanos = System.nanoTime();
    goOn();
  }

  /// Requests taken since [#begin].
  int received() {
    return received;
  }

  /// Answers what waits for a flush, and sends all replies.
  void end() throws IOException {
    settleFlushes();
    countLatency(System.nanoTime());
    pass.leave();
    replies.send();
  }

  /// Waits, outside the gate, until one more request is within the limits; what was answered before
  /// is sent first. The wait counts as part of the request's latency.
  void throttle(Throttle.Admission admission, BooleanSupplier ending) throws IOException {
    end();
    long arrivedNanos = System.nanoTime();
    admission.await(ending);
    begin();
    startNanos = arrivedNanos;
  }

  /// Sends the replies that are there, outside the gate.
  void sendNow() throws IOException {
    pass.leave();
    replies.send();
    goOn();
  }

  private void goOn() throws IOException {
    pass.enter();
    device = export.device();
  }

  /// Sends the replies that are there if a payload of `bytes` would not fit behind them.
  void makeRoom(int bytes) throws IOException {
    if (!replies.fits(bytes)) {
      sendNow();
    }
  }

  /// Sends the replies that are there if the burst has taken long already.
  void sendIfLate() throws IOException {
    if (++looks % REQUESTS_PER_LOOK != 0) {
      return;
    }
    long now = System.nanoTime();
    if (now - startNanos > SEND_AFTER_NANOS) {
      countLatency(now);
      startNanos = now;
      sendNow();
    }
  }

  /// Counts a request that was taken.
  void receive() {
    received++;
    counters.add(RequestCounters.RECEIVED, 1);
  }

  /// Counts a request whose reply is in the batch.
  void answered() {
    answered++;
    counters.add(RequestCounters.ANSWERED, 1);
  }

  void count(int counter, long amount) {
    counters.add(counter, amount);
  }

  void succeed(long cookie) {
    replies.success(cookie);
    answered();
  }

  void fail(long cookie, NbdError error) {
    replies.error(cookie, error);
    failed();
  }

  /// Counts a request whose reply, an error, is in the batch.
  void failed() {
    counters.add(RequestCounters.ERRORS, 1);
    answered();
  }

  /// Answers the request once everything written so far is durable.
  void succeedAfterFlush(long cookie) {
    pendingFlushes.add(cookie);
  }

  /// To be called after every request: flushes if no more can wait for it.
  void flushIfDue() throws IOException {
    if (pendingFlushes.isFull()) {
      settleFlushes();
      goOn();
    }
  }

  /// Leaves the gate, if anything waits for a flush.
  private void settleFlushes() {
    if (pendingFlushes.isEmpty()) {
      return;
    }
    pass.leave();
    boolean durable = flush();
    for (int i = 0; i < pendingFlushes.count(); i++) {
      if (durable) {
        succeed(pendingFlushes.cookie(i));
      } else {
        fail(pendingFlushes.cookie(i), NbdError.IO);
      }
    }
    pendingFlushes.clear();
  }

  /// The export has logged a failure, and stays failed.
  private boolean flush() {
    try {
      export.flush();
      return true;
    } catch (IOException | RuntimeException failure) {
      return false;
    }
  }

  private void countLatency(long now) {
    if (answered > 0) {
      counters.addLatency(now - startNanos, answered);
      answered = 0;
    }
  }
}
