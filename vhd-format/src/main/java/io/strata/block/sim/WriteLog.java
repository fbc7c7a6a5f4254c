// SPDX-License-Identifier: Apache-2.0
package io.strata.block.sim;

import java.util.ArrayList;
import java.util.List;

/// What happened to a set of containers, in the order in which it was asked for.
///
/// **Threads.** Any number at once.
public final class WriteLog {
  // Guarded by this.
  private final List<LogEntry> entries = new ArrayList<>();
  private final List<Long> epochs = new ArrayList<>();

  private volatile boolean drains = true;

  /// An empty log.
  public WriteLog() {}

  /// Gives a container its number in this log, from 0 on.
  public synchronized int addContainer() {
    epochs.add(0L);
    return epochs.size() - 1;
  }

  /// How many containers this log knows.
  public synchronized int containers() {
    return epochs.size();
  }

  /// From now on direct writes are not made when they are drained, to see whether anyone misses
  /// them.
  public void withoutDrains() {
    drains = false;
  }

  boolean drains() {
    return drains;
  }

  /// Notes what the program above does.
  public synchronized void mark(Object note) {
    entries.add(new LogEntry.Marker(note));
  }

  /// Notes that names changed.
  public synchronized void nameChanged(LogEntry.NameChange change) {
    entries.add(change);
  }

  /// Notes that names were made durable.
  public synchronized void namesFlushed(BarrierSite site) {
    entries.add(new LogEntry.NamesFlush(site));
  }

  /// Everything so far.
  public synchronized List<LogEntry> entries() {
    return List.copyOf(entries);
  }

  /// How many entries there are so far.
  public synchronized int size() {
    return entries.size();
  }

  synchronized long epoch(int container) {
    return epochs.get(container);
  }

  synchronized void append(LogEntry.Change change) {
    entries.add(change);
  }

  synchronized void flushed(int container, BarrierSite site) {
    long epoch = epochs.get(container);
    entries.add(new LogEntry.Flush(container, epoch, site));
    epochs.set(container, epoch + 1);
  }
}
