// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/// Lets the bursts of all connections of one export pass, or holds them while the export is paused.
///
/// Each connection says that it is inside, then looks whether the gate is closed; who closes the
/// gate says so, then looks who is inside. Both are sequentially consistent, so at least one of the
/// two sees the other (Dekker). Passing an open gate costs one full fence and takes no lock.
final class RequestGate {
  private static final long DRAIN_POLL_NANOS = 50_000;
  private static final long REOPEN_CHECK_MILLIS = 1_000;

  private final CopyOnWriteArraySet<Pass> passes = new CopyOnWriteArraySet<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition opened = lock.newCondition();

  /// Written with `lock` held.
  private volatile boolean closed;

  /// Written with `lock` held; never false again.
  private volatile boolean abandoned;

  /// A new connection's way through the gate, to be given back by [#forget].
  Pass newPass() {
    Pass pass = new Pass();
    passes.add(pass);
    return pass;
  }

  void forget(Pass pass) {
    passes.remove(pass);
  }

  boolean isClosed() {
    return closed;
  }

  /// Holds every connection that is not inside from now on.
  ///
  /// @throws IllegalStateException the gate is closed already
  void close() {
    lock.lock();
    try {
      if (closed) {
        throw new IllegalStateException("the gate is closed already");
      }
      closed = true;
    } finally {
      lock.unlock();
    }
  }

  /// Waits until nobody is inside the closed gate.
  ///
  /// @throws IOException somebody is, still
  void drain(Duration timeout) throws IOException {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      long inside = passes.stream().filter(Pass::isInside).count();
      if (inside == 0) {
        return;
      }
      if (System.nanoTime() - deadline >= 0) {
        throw new IOException(
            "requests of %d connections still run after %s".formatted(inside, timeout));
      }
      LockSupport.parkNanos(DRAIN_POLL_NANOS);
    }
  }

  /// Lets the held ones go on.
  void open() {
    lock.lock();
    try {
      closed = false;
      opened.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Makes everyone who is held, or comes to be, turn back instead.
  void abandon() {
    lock.lock();
    try {
      abandoned = true;
      opened.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void awaitOpen() throws IOException {
    lock.lock();
    try {
      while (closed) {
        if (abandoned) {
          throw new IOException("the export is withdrawn");
        }
        boolean _ = opened.await(REOPEN_CHECK_MILLIS, TimeUnit.MILLISECONDS);
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while the export was paused", interrupted);
    } finally {
      lock.unlock();
    }
  }

  /// One connection's side. For the connection's own thread, but for [#isInside].
  final class Pass {
    private static final VarHandle INSIDE = insideHandle();

    @SuppressWarnings("UnusedVariable") // through INSIDE
    private volatile boolean inside;

    private Pass() {}

    /// Goes in, after waiting for the gate to open.
    ///
    /// @throws IOException the export is being withdrawn
    void enter() throws IOException {
      INSIDE.setVolatile(this, true);
      while (closed) {
        leave();
        awaitOpen();
        INSIDE.setVolatile(this, true);
      }
    }

    /// Goes out; nothing where it is out already.
    void leave() {
      INSIDE.setRelease(this, false);
    }

    private boolean isInside() {
      return inside;
    }

    private static VarHandle insideHandle() {
      try {
        return MethodHandles.lookup().findVarHandle(Pass.class, "inside", boolean.class);
      } catch (ReflectiveOperationException impossible) {
        throw new LinkageError("no field inside", impossible);
      }
    }
  }
}
