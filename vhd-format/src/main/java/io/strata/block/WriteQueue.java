// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Writes to a container that go past what memory keeps of it, many at once and in any order.
///
/// They are made once [#drain] returns, and durable after a flush of the container that begins
/// later. Until then the caller neither reads them nor writes anything that overlaps them. After
/// one that failed all calls fail but [#close]: each write since the last drain was made, or not,
/// or in part.
///
/// **Threads.** One at a time.
public interface WriteQueue extends Closeable {

  /// Takes the remaining bytes, and writes them some time before the next [#drain] returns.
  ///
  /// @return false where writes past memory can't be made there, or are slower: nothing was done
  /// @throws IOException an earlier write failed
  boolean offer(long offsetBytes, ByteBuffer source) throws IOException;

  /// Waits until every write is made.
  ///
  /// @throws IOException one of them failed
  void drain() throws IOException;

  /// Waits until nothing is under way, and releases the queue; the container stays open. Each write
  /// since the last drain was made or not.
  @Override
  void close();
}
