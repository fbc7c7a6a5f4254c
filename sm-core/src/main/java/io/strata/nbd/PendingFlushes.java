// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

/// Requests of one burst that are done as soon as the device is flushed: flushes themselves, and
/// changes with forced unit access.
///
/// For one thread.
final class PendingFlushes {
  private static final int MAX_REQUESTS = 256;

  private final long[] cookies = new long[MAX_REQUESTS];
  private int count;

  boolean isEmpty() {
    return count == 0;
  }

  boolean isFull() {
    return count == MAX_REQUESTS;
  }

  int count() {
    return count;
  }

  long cookie(int index) {
    return cookies[index];
  }

  void add(long cookie) {
    cookies[count++] = cookie;
  }

  void clear() {
    count = 0;
  }
}
