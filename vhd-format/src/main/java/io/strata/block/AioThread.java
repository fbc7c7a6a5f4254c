// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// The thread that gives the batches of a [DirectWriteQueue] to the kernel, and each back to the
/// queue once the kernel has none of its writes any more. After a failure it gives the kernel
/// nothing more.
final class AioThread {
  private final DirectWriteQueue queue;
  private final Aio aio;
  private final MemorySegment events;
  private final List<WriteBatch> underWay = new ArrayList<>(DirectWriteQueue.BATCHES);
  private final Thread thread;
  private int inFlight;

  private AioThread(DirectWriteQueue queue, Aio aio, Arena arena) {
    this.queue = queue;
    this.aio = aio;
    long most = (long) Aio.EVENT_BYTES * DirectWriteQueue.MOST_IN_FLIGHT;
    events = arena.allocate(most, Long.BYTES);
    thread = Thread.ofPlatform().daemon().name("direct-writes").unstarted(this::work);
  }

  /// @param arena stays until the thread has ended
  static AioThread start(DirectWriteQueue queue, Aio aio, Arena arena) {
    AioThread started = new AioThread(queue, aio, arena);
    started.thread.start();
    return started;
  }

  /// Waits for its end. The kernel has none of the writes then.
  void join() {
    Uninterrupted.join(thread);
  }

  private void work() {
    try {
      while (step()) {
        // Until the queue's end.
      }
    } catch (RuntimeException | Error e) {
      aio.close();
      // The kernel has none of the writes any more.
      queue.fail(new IOException("direct writes broke off: " + e.getMessage(), e));
      passOn();
      return;
    }
    release();
  }

  /// It takes long although nothing is under way, and nobody needs to wait for it.
  private void release() {
    try {
      Thread.ofPlatform().daemon().name("direct-writes-release").start(aio::close);
    } catch (OutOfMemoryError noThread) {
      aio.close();
    }
  }

  /// Writes nothing more, so that nobody waits for this thread in vain.
  private void passOn() {
    underWay.forEach(queue::giveBack);
    WriteBatch next = queue.nextFilled(true);
    while (next != null && !queue.ends(next)) {
      queue.giveBack(next);
      next = queue.nextFilled(true);
    }
  }

  /// @return whether there is more to do
  private boolean step() {
    WriteBatch next = queue.nextFilled(inFlight == 0);
    if (next == null) {
      reap(1);
      return true;
    }
    if (queue.ends(next)) {
      return false;
    }
    submit(next);
    reap(0);
    return true;
  }

  private void submit(WriteBatch batch) {
    underWay.add(batch);
    // Counts as one more write, so that it is not idle before the last has been submitted.
    batch.submitted(1);
    int done = 0;
    while (done < batch.writes() && !queue.failed()) {
      int taken = aio.submit(batch, done, batch.writes() - done);
      if (taken == -LinuxCalls.EAGAIN && inFlight > 0) {
        reap(1);
      } else if (taken <= 0) {
        queue.fail(failure(batch, done, taken));
      } else {
        batch.submitted(taken);
        inFlight += taken;
        done += taken;
      }
    }
    completed(batch);
  }

  private void completed(WriteBatch batch) {
    batch.completed();
    if (batch.idle()) {
      underWay.remove(batch);
      queue.giveBack(batch);
    }
  }

  /// @param result bytes written, or the negated error number
  private static IOException failure(WriteBatch batch, int write, long result) {
    String reason =
        result < 0 ? Errno.text((int) -result) : "only " + result + " bytes were written";
    return new IOException(
        "direct write of %d bytes at byte %d: %s"
            .formatted(batch.lengthBytes(write), batch.offsetBytes(write), reason));
  }

  private void reap(int least) {
    int count = aio.await(least, events);
    if (count < 0) {
      throw new IllegalStateException("io_getevents: " + Errno.text(-count));
    }
    for (int i = 0; i < count; i++) {
      long event = (long) i * Aio.EVENT_BYTES;
      long data = events.get(ValueLayout.JAVA_LONG, event + Aio.EVENT_DATA_AT);
      WriteBatch batch = queue.batch(WriteBatch.batchOf(data));
      int write = WriteBatch.writeOf(data);
      long result = events.get(ValueLayout.JAVA_LONG, event + Aio.EVENT_RESULT_AT);
      if (result != batch.lengthBytes(write)) {
        queue.fail(failure(batch, write, result));
      }
      inFlight--;
      completed(batch);
    }
  }
}
