// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

/// Reads of one burst, each of which starts where the one before ends: read from the device at
/// once.
///
/// For one thread.
final class AdjoiningReads {
  private static final int MAX_READS = 128;
  private static final int MAX_BYTES = 128 << 10;

  private final long[] cookies = new long[MAX_READS];
  private final int[] lengths = new int[MAX_READS];
  private int count;
  private long offsetBytes;
  private int lengthBytes;

  boolean isEmpty() {
    return count == 0;
  }

  int count() {
    return count;
  }

  long cookie(int index) {
    return cookies[index];
  }

  int length(int index) {
    return lengths[index];
  }

  long offsetBytes() {
    return offsetBytes;
  }

  /// All together.
  int lengthBytes() {
    return lengthBytes;
  }

  /// Whether the read can join.
  boolean accepts(long readOffsetBytes, int readLengthBytes) {
    return count == 0
        || (readOffsetBytes == offsetBytes + lengthBytes
            && count < MAX_READS
            && lengthBytes + readLengthBytes <= MAX_BYTES);
  }

  /// Adds a read that is accepted.
  void add(long cookie, long readOffsetBytes, int readLengthBytes) {
    if (count == 0) {
      offsetBytes = readOffsetBytes;
    }
    cookies[count] = cookie;
    lengths[count] = readLengthBytes;
    lengthBytes += readLengthBytes;
    count++;
  }

  void clear() {
    count = 0;
    lengthBytes = 0;
  }
}
