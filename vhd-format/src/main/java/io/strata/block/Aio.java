// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import java.lang.foreign.MemorySegment;

/// A context of Linux's asynchronous I/O, see io_submit(2). For one thread at a time.
interface Aio {
  /// Size of `struct io_event`, and where its fields are. Source: linux/aio_abi.h.
  int EVENT_BYTES = 32;

  long EVENT_DATA_AT = 0;
  long EVENT_RESULT_AT = 16;

  /// Gives the kernel so many of a batch's writes, from one on.
  ///
  /// @return how many it took, at least 1; or the negated error number
  int submit(WriteBatch batch, int fromWrite, int count);

  /// Waits for completions. The result of each is in bytes, or the negated error number.
  ///
  /// @param least how many to wait for; 0: takes what is there
  /// @param events room for `struct io_event`s
  /// @return how many came; or the negated error number
  int await(int least, MemorySegment events);

  /// Waits until the kernel has none of the writes any more, and releases the context: tens of
  /// milliseconds, also where nothing is under way.
  void close();
}
