// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/// A linear range of bytes that can be read and, unless it is read-only, written.
///
/// Everything that holds or serves bytes is one: a file, a LUN, a volume, a VHD chain, and the
/// decorators over them. Offsets and lengths are in bytes and need no alignment.
///
/// **Threads.** Every method except [#close] may be called by many threads at once. Requests in
/// flight together on overlapping ranges may take effect in either order.
///
/// **Durability.** A write is durable once a [#flush] that began after the write returned has
/// returned, or once the write itself returned when it asked for [Durability#FUA]. After a failed
/// flush nothing may be assumed of the writes since the last good one: the device must be closed,
/// and is never flushed again.
///
/// **Errors.** Ranges outside the device are a programmer's error ([IndexOutOfBoundsException]);
/// failures of the medium are [IOException]. A write, discard or write-zeroes on a read-only device
/// throws [ReadOnlyDeviceException].
public interface BlockDevice extends Closeable {

  /// Whether a write must be durable when it returns.
  enum Durability {
    /// Durable after the next flush.
    WRITE_BACK,
    /// Forced unit access: durable on return.
    FUA
  }

  /// How zeroes may be stored.
  enum Zeroing {
    /// Space may be given back; the range reads as zeroes.
    MAY_DEALLOCATE,
    /// The range stays (or becomes) fully provisioned, so that later writes can't run out of space.
    ALLOCATE
  }

  /// Size in bytes.
  long sizeBytes();

  /// Whether every change is refused.
  boolean readOnly();

  /// Fills `target` from its position to its limit with the bytes at `offsetBytes`.
  void read(long offsetBytes, ByteBuffer target) throws IOException;

  /// Writes the remaining bytes of `source` at `offsetBytes`; its position is at its limit after.
  void write(long offsetBytes, ByteBuffer source, Durability durability) throws IOException;

  /// Makes every write that returned before this call durable.
  void flush() throws IOException;

  /// Says that the content of the range is no longer needed; space may be given back. The range
  /// then reads as zeroes or as before for parts that were not given back.
  void discard(long offsetBytes, long lengthBytes) throws IOException;

  /// Makes the range read as zeroes.
  void writeZeroes(long offsetBytes, long lengthBytes, Zeroing zeroing, Durability durability)
      throws IOException;

  /// Whether [#writeZeroes] with this mode is faster than writing zero bytes.
  boolean fastZeroes(Zeroing zeroing);

  /// Reports the allocation of a range as adjoining extents, in order, that cover it exactly.
  ///
  /// The visitor returns false to stop early.
  void extents(long offsetBytes, long lengthBytes, ExtentVisitor visitor) throws IOException;

  /// Sends a prefix of the range straight to `target` without copying it through this process,
  /// where the device can.
  ///
  /// @return the bytes sent, from 0 (this range can't be sent this way: use [#read]) to
  ///   `lengthBytes`
  default long transferTo(long offsetBytes, long lengthBytes, WritableByteChannel target)
      throws IOException {
    return 0;
  }

  /// How many leading bytes of the range [#transferTo] could send; a hint without side effects.
  default long transferable(long offsetBytes, long lengthBytes) {
    return 0;
  }

  /// How often metadata that requests need was found in memory, since the device was opened.
  default CacheUse cacheUse() {
    return CacheUse.NONE;
  }

  /// Writes with [Durability#WRITE_BACK].
  default void write(long offsetBytes, ByteBuffer source) throws IOException {
    write(offsetBytes, source, Durability.WRITE_BACK);
  }

  /// Releases what this device holds. Does not flush. Idempotent.
  @Override
  void close() throws IOException;
}
