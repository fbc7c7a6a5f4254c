// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/// Writes to a file past the page cache, by `O_DIRECT` and Linux's asynchronous I/O.
///
/// Bytes are copied to batches, which a thread of its own gives to the kernel: that costs about as
/// much time of a processor as all else that a merge does. Batches and an own descriptor stay until
/// the kernel has none of the writes any more.
///
/// It takes whole pages that replace others on the storage. The rest is for the page cache: a part
/// of a page would have to be read, and for a hole the file system would allocate storage for each
/// write by itself. So no page is ever written both ways.
final class DirectWriteQueue implements WriteQueue {
  static final int BATCHES = 16;
  static final int MOST_IN_FLIGHT = BATCHES * WriteBatch.MOST_WRITES;

  /// File systems on which such writes are under way at once: on others the kernel may make each
  /// wait for the one before. Source: linux/magic.h.
  private static final Set<Long> FILE_SYSTEMS = Set.of(0xEF53L /* ext4 */, 0x58465342L /* XFS */);

  private final Path path;
  private final int descriptor;
  private final Arena arena = Arena.ofShared();
  private final List<WriteBatch> batches = new ArrayList<>();
  private final WriteBatch end;
  private final BlockingQueue<WriteBatch> empty = new ArrayBlockingQueue<>(BATCHES);
  private final BlockingQueue<WriteBatch> filled = new ArrayBlockingQueue<>(BATCHES + 1);
  private final AtomicReference<@Nullable IOException> failure = new AtomicReference<>();
  private final AioThread thread;
  private @Nullable WriteBatch filling;

  /// The last that was looked up.
  private FileExtent extent = FileExtent.NONE;

  private boolean closed;

  private DirectWriteQueue(Path path, int descriptor, Aio aio) {
    this.path = path;
    this.descriptor = descriptor;
    try {
      for (int i = 0; i < BATCHES; i++) {
        batches.add(new WriteBatch(i, descriptor, arena));
      }
      end = new WriteBatch(BATCHES, descriptor, arena);
      thread = AioThread.start(this, aio, arena);
    } catch (RuntimeException | Error failed) {
      arena.close();
      throw failed;
    }
    empty.addAll(batches);
  }

  /// A queue for a file, or none where the host or the file system has no such writes.
  ///
  /// @param path for messages
  /// @param fd the open file
  /// @param contexts makes one for so many writes at once
  static Optional<WriteQueue> open(Path path, int fd, IntFunction<Optional<Aio>> contexts) {
    LinuxCalls.FileSystem fileSystem = LinuxCalls.fileSystem(fd);
    if (!System.getProperty("os.arch").equals("amd64")
        || !FILE_SYSTEMS.contains(fileSystem.type())
        || fileSystem.blockBytes() > WriteBatch.ALIGNMENT_BYTES) {
      return Optional.empty();
    }
    int descriptor;
    try {
      int flags = LinuxCalls.O_RDWR | LinuxCalls.O_CLOEXEC | LinuxCalls.O_DIRECT;
      descriptor = LinuxCalls.open(Path.of("/proc/self/fd/" + fd), flags, 0);
    } catch (IOException refused) {
      return Optional.empty();
    }
    Optional<Aio> context = contexts.apply(MOST_IN_FLIGHT);
    if (context.isEmpty()) {
      LinuxCalls.close(descriptor);
      return Optional.empty();
    }
    try {
      return Optional.of(new DirectWriteQueue(path, descriptor, context.get()));
    } catch (RuntimeException | Error failed) {
      context.get().close();
      LinuxCalls.close(descriptor);
      throw failed;
    }
  }

  @Override
  public boolean offer(long offsetBytes, ByteBuffer source) throws IOException {
    checkFailure();
    if (!takes(offsetBytes, source.remaining())) {
      return false;
    }
    long at = offsetBytes;
    while (source.hasRemaining()) {
      WriteBatch batch = filling == null ? Uninterrupted.get(empty::take) : filling;
      filling = batch;
      int before = source.remaining();
      batch.add(at, source);
      at += before - source.remaining();
      if (batch.full()) {
        send();
      }
    }
    return true;
  }

  private boolean takes(long offsetBytes, int lengthBytes) {
    if (offsetBytes % WriteBatch.ALIGNMENT_BYTES != 0
        || lengthBytes % WriteBatch.ALIGNMENT_BYTES != 0) {
      return false;
    }
    if (!extent.holds(offsetBytes, lengthBytes)) {
      extent = FileExtent.at(descriptor, offsetBytes);
    }
    return extent.holds(offsetBytes, lengthBytes);
  }

  private void send() {
    WriteBatch batch = filling;
    filling = null;
    if (batch != null) {
      // There is room for all.
      filled.add(batch);
    }
  }

  @Override
  public void drain() throws IOException {
    send();
    waitForAll();
    checkFailure();
  }

  /// Without a limit, and although it is interrupted: the kernel reads the batches.
  private void waitForAll() {
    List<WriteBatch> idle = new ArrayList<>();
    while (idle.size() < BATCHES) {
      idle.add(Uninterrupted.get(empty::take));
    }
    empty.addAll(idle);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    send();
    waitForAll();
    filled.add(end);
    thread.join();
    LinuxCalls.close(descriptor);
    arena.close();
  }

  private void checkFailure() throws IOException {
    if (closed) {
      throw new IOException(path + ": its direct writes were closed");
    }
    IOException failed = failure.get();
    if (failed != null) {
      throw new IOException(path + ": " + failed.getMessage(), failed);
    }
  }

  /// The next batch to write; null where there is none and it is not to wait.
  @Nullable WriteBatch nextFilled(boolean wait) {
    return wait ? Uninterrupted.get(filled::take) : filled.poll();
  }

  /// Whether it was the last batch: nothing comes after it.
  boolean ends(WriteBatch batch) {
    return batch == end;
  }

  WriteBatch batch(int number) {
    return batches.get(number);
  }

  void giveBack(WriteBatch batch) {
    batch.clear();
    empty.add(batch);
  }

  boolean failed() {
    return failure.get() != null;
  }

  /// Nothing more is written.
  void fail(IOException reason) {
    failure.compareAndSet(null, reason);
  }
}
