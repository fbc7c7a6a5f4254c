// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/// Direct writes that are given to the kernel together: their bytes, and a `struct iocb` for each.
///
/// | iocb | bytes | |
/// |---|---|---|
/// | `aio_data` | 8 | comes back with the completion: number of the batch, then of the write in it |
/// | `aio_key`, `aio_rw_flags` | 8 | 0 |
/// | `aio_lio_opcode` | 2 | |
/// | `aio_reqprio` | 2 | 0 |
/// | `aio_fildes` | 4 | |
/// | `aio_buf` | 8 | |
/// | `aio_nbytes` | 8 | |
/// | `aio_offset` | 8 | |
/// | `aio_reserved2`, `aio_flags`, `aio_resfd` | 16 | 0 |
///
/// Source: linux/aio_abi.h. The kernel reads the bytes until the last write has completed.
///
/// **Threads.** One at a time: it is handed on.
final class WriteBatch {
  static final int BYTES = 128 * 1024;

  /// What direct writes are multiples of, and lie at, in file and memory: a page, or the logical
  /// block of any disk.
  static final int ALIGNMENT_BYTES = 4096;

  static final int MOST_WRITES = BYTES / ALIGNMENT_BYTES;

  private static final int NUMBER_SHIFT = 32;
  private static final long IOCB_BYTES = 64;
  private static final long DATA_AT = 0;
  private static final long OPCODE_AT = 16;
  private static final long DESCRIPTOR_AT = 20;
  private static final long BUFFER_AT = 24;
  private static final long LENGTH_AT = 32;
  private static final long OFFSET_AT = 40;
  private static final short IOCB_CMD_PWRITE = 1;

  private final int number;
  private final int descriptor;
  private final MemorySegment memory;
  private final ByteBuffer bytes;
  private final MemorySegment iocbs;
  private final MemorySegment pointers;
  private int writes;
  private int uncompleted;

  /// @param number tells it from the others of its queue
  WriteBatch(int number, int descriptor, Arena arena) {
    this.number = number;
    this.descriptor = descriptor;
    memory = arena.allocate(BYTES, ALIGNMENT_BYTES);
    bytes = memory.asByteBuffer();
    iocbs = arena.allocate(IOCB_BYTES * MOST_WRITES, Long.BYTES);
    pointers = arena.allocate((long) Long.BYTES * MOST_WRITES, Long.BYTES);
    for (int i = 0; i < MOST_WRITES; i++) {
      pointers.setAtIndex(ValueLayout.JAVA_LONG, i, iocbs.address() + i * IOCB_BYTES);
    }
  }

  static int batchOf(long data) {
    return (int) (data >>> NUMBER_SHIFT);
  }

  static int writeOf(long data) {
    return (int) data;
  }

  /// Adds as much of the bytes as there is room for. What adjoins the write before becomes part of
  /// it.
  void add(long offsetBytes, ByteBuffer source) {
    int length = Math.min(source.remaining(), bytes.remaining());
    long address = memory.address() + bytes.position();
    bytes.put(source.slice(source.position(), length));
    source.position(source.position() + length);
    if (writes > 0 && offsetBytes(writes - 1) + lengthBytes(writes - 1) == offsetBytes) {
      set(writes - 1, LENGTH_AT, lengthBytes(writes - 1) + length);
    } else {
      int write = writes++;
      set(write, DATA_AT, (long) number << NUMBER_SHIFT | write);
      iocbs.set(ValueLayout.JAVA_SHORT, write * IOCB_BYTES + OPCODE_AT, IOCB_CMD_PWRITE);
      iocbs.set(ValueLayout.JAVA_INT, write * IOCB_BYTES + DESCRIPTOR_AT, descriptor);
      set(write, BUFFER_AT, address);
      set(write, LENGTH_AT, length);
      set(write, OFFSET_AT, offsetBytes);
    }
  }

  private void set(int write, long fieldAt, long value) {
    iocbs.set(ValueLayout.JAVA_LONG, write * IOCB_BYTES + fieldAt, value);
  }

  private long get(int write, long fieldAt) {
    return iocbs.get(ValueLayout.JAVA_LONG, write * IOCB_BYTES + fieldAt);
  }

  /// What comes back with a write's completion.
  long data(int write) {
    return get(write, DATA_AT);
  }

  long offsetBytes(int write) {
    return get(write, OFFSET_AT);
  }

  long lengthBytes(int write) {
    return get(write, LENGTH_AT);
  }

  int writes() {
    return writes;
  }

  boolean full() {
    return !bytes.hasRemaining();
  }

  /// Address of the pointer to a write's iocb, and behind it those of the later ones.
  long pointersFrom(int write) {
    return pointers.address() + (long) write * Long.BYTES;
  }

  /// The kernel has got so many more of the writes.
  void submitted(int more) {
    uncompleted += more;
  }

  /// A write that the kernel had got has completed.
  void completed() {
    uncompleted--;
  }

  /// Whether the kernel has none of its writes.
  boolean idle() {
    return uncompleted == 0;
  }

  /// Empties it, once it is idle.
  void clear() {
    writes = 0;
    uncompleted = 0;
    bytes.clear();
  }
}
