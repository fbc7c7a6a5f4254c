// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// A copy that runs now: how far it is, for those who sent the same request again. Written by the
/// thread that copies.
final class CopyRun implements ProgressListener {
  private static final long LOOK_MILLIS = 200;

  private final ProgressListener first;
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile long doneBytes;
  private volatile long totalBytes = -1;
  private volatile Optional<StorageException> failure =
      Optional.of(
          new StorageException(
              ErrorCode.SM_GENERAL,
              "The copy ended without an answer.",
              "Look at the log, then send the request again."));

  CopyRun(ProgressListener first) {
    this.first = first;
  }

  @Override
  public void progress(long done, long total) {
    totalBytes = total;
    doneBytes = done;
    first.progress(done, total);
  }

  void succeeded() {
    failure = Optional.empty();
  }

  void failed(StorageException e) {
    failure = Optional.of(e);
  }

  void end() {
    ended.countDown();
  }

  /// Waits for another's copy to end, and reports how far it is meanwhile.
  void await(ProgressListener progress) throws StorageException {
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
  }

  /// @return whether it ended
  boolean awaitEnd(long timeoutMillis) throws InterruptedException {
    return ended.await(timeoutMillis, TimeUnit.MILLISECONDS);
  }
}
