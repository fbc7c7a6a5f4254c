// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.ErrorCode;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/// Locks of SRs and VDIs.
///
/// **Order.** SR, then VDI, then export. An operation that changes the set of an SR's volumes holds
/// the SR alone and needs no VDI's lock; one that works on a single VDI shares the SR and holds the
/// VDI alone.
///
/// **Threads.** A lock belongs to the thread that took it, until it closes what it got. No wait is
/// longer than the timeout.
final class Locks {
  private final Duration timeout;
  private final Map<Object, Named> locks = new ConcurrentHashMap<>();

  Locks(Duration timeout) {
    this.timeout = timeout;
  }

  /// A lock that is held until it is closed.
  interface Held extends AutoCloseable {
    @Override
    void close();
  }

  /// The SR for this operation alone.
  Held sr(SrUuid sr, String operation) throws StorageException {
    return take(sr, "SR", true, operation);
  }

  /// The SR together with other operations on single VDIs.
  Held srShared(SrUuid sr, String operation) throws StorageException {
    return take(sr, "SR", false, operation);
  }

  /// The VDI for this operation alone.
  Held vdi(VdiUuid vdi, String operation) throws StorageException {
    return take(vdi, "VDI", true, operation);
  }

  /// The description that an SR carries: innermost, and held for one write only.
  Held metadata(SrUuid sr) throws StorageException {
    return take("metadata of " + sr, "The", true, "another write");
  }

  private Held take(Object key, String what, boolean alone, String operation)
      throws StorageException {
    Named named = acquireEntry(key);
    Lock lock = alone ? named.lock.writeLock() : named.lock.readLock();
    if (!await(lock)) {
      String holder = named.holder;
      releaseEntry(key);
      throw busy(what, key, holder);
    }
    named.holder = operation;
    return () -> {
      lock.unlock();
      releaseEntry(key);
    };
  }

  private boolean await(Lock lock) {
    try {
      return lock.tryLock(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private StorageException busy(String what, Object key, String holder) {
    return new StorageException(
        ErrorCode.LOCK_ERR,
        what + " " + key + " stayed busy with " + holder + " for " + timeout.toMillis() + " ms.",
        "Send the request again.");
  }

  private Named acquireEntry(Object key) {
    return locks.compute(
        key,
        (k, present) -> {
          Named entry = present == null ? new Named() : present;
          entry.users++;
          return entry;
        });
  }

  private void releaseEntry(Object key) {
    locks.computeIfPresent(key, (k, entry) -> --entry.users == 0 ? null : entry);
  }

  /// One lock, kept while somebody holds or awaits it.
  private static final class Named {
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock(true);
    private volatile String holder = "another operation";

    /// Guarded by the map's own lock on the key.
    private int users;
  }
}
