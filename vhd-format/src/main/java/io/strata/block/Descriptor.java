// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.OptionalInt;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/// An open file's descriptor for calls that the JDK lacks. Nobody uses its number any more once it
/// was given up: the kernel gives the same one to the next file that is opened.
final class Descriptor {
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();

  /// Negative once it was given up. Guarded by `lock`.
  private int number;

  Descriptor(int number) {
    this.number = number;
  }

  /// A call with the number.
  @FunctionalInterface
  interface Call<T> {
    T with(int number) throws IOException;
  }

  /// Makes a call; the file stays open meanwhile.
  ///
  /// @throws ClosedChannelException it was given up
  <T> T use(Call<T> call) throws IOException {
    lock.readLock().lock();
    try {
      if (number < 0) {
        throw new ClosedChannelException();
      }
      return call.with(number);
    } finally {
      lock.readLock().unlock();
    }
  }

  /// Gives the number to the caller, to be closed, after the calls that are under way. Empty where
  /// that was done.
  OptionalInt giveUp() {
    lock.writeLock().lock();
    try {
      OptionalInt given = number < 0 ? OptionalInt.empty() : OptionalInt.of(number);
      number = -1;
      return given;
    } finally {
      lock.writeLock().unlock();
    }
  }
}
