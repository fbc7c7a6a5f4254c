// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// A copy that runs now: how far it is, for those who sent the same request again. Written by the
/// thread that copies.
final class CopyRun implements ProgressListener {
  private static final long LOOK_MILLIS = 200;

  private final ProgressListener first;
  private final CopyIntent copy;
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile long doneBytes;
  private volatile long totalBytes = -1;
  private volatile boolean complete;
  private volatile boolean cancelled;
  private volatile Optional<String> brokenOff = Optional.empty();
  private volatile Optional<StorageException> failure =
      Optional.of(
          new StorageException(
              ErrorCode.SM_GENERAL,
              "The copy ended without an answer.",
              "Look at the log, then send the request again."));

  CopyRun(CopyIntent copy, ProgressListener first) {
    this.copy = copy;
    this.first = first;
  }

  @Override
  public void progress(long done, long total) {
    totalBytes = total;
    doneBytes = done;
    first.progress(done, total);
  }

  /// Whether this does what another copy to the same target is to do.
  boolean does(CopyIntent asked) {
    return copy.moves() == asked.moves()
        && copy.source().equals(asked.source())
        && copy.content().equals(asked.content())
        && copy.base().equals(asked.base())
        && (copy.verify() || !asked.verify());
  }

  /// Lets the copy break off at its next piece.
  void breakOff(String why) {
    brokenOff = Optional.of(why);
  }

  /// Lets the copy end at its next piece, for good.
  void cancel() {
    cancelled = true;
    breakOff("it was cancelled");
  }

  /// Whether the copy is to break off.
  boolean wanted() {
    return brokenOff.isEmpty();
  }

  /// @throws IOException where the copy is to break off
  void checkWanted() throws IOException {
    if (cancelled) {
      throw new CancelledException();
    }
    Optional<String> why = brokenOff;
    if (why.isPresent()) {
      throw new IOException(why.get());
    }
  }

  /// @param whole whether the copy is complete, and not given up
  void ended(boolean whole) {
    complete = whole;
    failure = Optional.empty();
  }

  void failed(StorageException e) {
    failure = Optional.of(e);
  }

  void end() {
    ended.countDown();
  }

  /// Waits for another's copy to end, and reports how far it is meanwhile.
  ///
  /// @return whether it is complete
  boolean await(ProgressListener progress) throws StorageException {
    try {
      while (!ended.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
        progress.progress(doneBytes, totalBytes);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StorageException(
          ErrorCode.TRY_AGAIN, "The wait for the copy was interrupted.", "Send it again.", e);
    }
    if (failure.isPresent()) {
      throw failure.get();
    }
    return complete;
  }

  /// @return whether it ended
  boolean awaitEnd(long timeoutMillis) throws InterruptedException {
    return ended.await(timeoutMillis, TimeUnit.MILLISECONDS);
  }
}
