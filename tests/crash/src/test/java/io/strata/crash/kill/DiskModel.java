// SPDX-License-Identifier: Apache-2.0
package io.strata.crash.kill;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What each sector of a disk holds by its stamp, and what it may hold after the daemon's death:
/// what it held at the last flush, or what any write since made of it.
///
/// Thread-safe; clients of one disk share it.
final class DiskModel {
  static final int MOST_SECTORS = 40 << 11;

  private static final long[] NO_STAMPS = {};

  private final String name;

  // All guarded by this.
  private final long[] current;
  private final long[] durable;

  /// The number of the last change of a sector that [#durable] covers.
  private final long[] durableNumber = new long[MOST_SECTORS];

  private final List<Acknowledged> sinceFlush = new ArrayList<>();
  private final Set<Change> underWay = new LinkedHashSet<>();
  private final List<FrozenDisk> frozen = new ArrayList<>();
  private Optional<long[]> reverted = Optional.empty();
  private long acknowledged;

  /// Sectors whose last change was a trim.
  private final BitSet trimmed = new BitSet();

  /// Acknowledged changes of which no byte may ever be lost.
  private long durableWrites;

  /// @param trimmed what a trim's sectors read as afterwards; empty for other changes
  private record Acknowledged(long number, Change change, long[] trimmed) {
    long stamp(int sector) {
      return trimmed.length == 0 ? change.stamp() : trimmed[sector - change.firstSector()];
    }
  }

  DiskModel(String name, long[] content) {
    this.name = name;
    current = Arrays.copyOf(content, MOST_SECTORS);
    durable = Arrays.copyOf(content, MOST_SECTORS);
  }

  synchronized void begin(Change change) {
    underWay.add(change);
    frozen.forEach(f -> f.seen(change));
  }

  /// The client got its answer.
  ///
  /// @param forced whether it is durable by itself
  synchronized void acknowledge(Change change, boolean forced) {
    underWay.remove(change);
    acknowledged++;
    Arrays.fill(current, change.firstSector(), change.endSector(), change.stamp());
    trimmed.clear(change.firstSector(), change.endSector());
    Acknowledged done = new Acknowledged(acknowledged, change, NO_STAMPS);
    if (forced) {
      settle(done);
    } else {
      sinceFlush.add(done);
    }
  }

  /// A trim was answered, after which the sectors read so.
  synchronized void acknowledgeTrim(Change trim, long[] stamps) {
    underWay.remove(trim);
    acknowledged++;
    trimmed.set(trim.firstSector(), trim.endSector());
    for (int i = 0; i < stamps.length; i++) {
      int sector = trim.firstSector() + i;
      if (stamps[i] != 0 && stamps[i] != current[sector]) {
        throw new Violation(
            name
                + ": trimmed sector "
                + sector
                + " holds "
                + stamps[i]
                + ", held "
                + current[sector]);
      }
      current[sector] = stamps[i];
    }
    sinceFlush.add(new Acknowledged(acknowledged, trim, stamps));
  }

  /// @return what to give to [#flushed] once the flush that begins now is answered
  synchronized long flushBegins() {
    return acknowledged;
  }

  synchronized void flushed(long upTo) {
    while (!sinceFlush.isEmpty() && sinceFlush.getFirst().number() <= upTo) {
      settle(sinceFlush.removeFirst());
    }
  }

  private void settle(Acknowledged done) {
    durableWrites++;
    Change change = done.change();
    for (int s = change.firstSector(); s < change.endSector(); s++) {
      if (durableNumber[s] < done.number()) {
        durableNumber[s] = done.number();
        durable[s] = done.stamp(s);
      }
    }
  }

  /// Whether the last change of a sector was a trim.
  synchronized boolean trimmed(int sector) {
    return trimmed.get(sector);
  }

  synchronized long current(int sector) {
    return current[sector];
  }

  /// What it holds while nobody writes.
  synchronized long[] content() {
    return current.clone();
  }

  synchronized long acknowledgedCount() {
    return acknowledged;
  }

  synchronized long durableCount() {
    return durableWrites;
  }

  /// Begins to note what the disk may hold at an instant between now and [#thawed].
  synchronized FrozenDisk freeze(String snapshot, long sizeBytes) {
    FrozenDisk disk = new FrozenDisk(snapshot, sizeBytes, current.clone());
    underWay.forEach(disk::seen);
    frozen.add(disk);
    return disk;
  }

  synchronized void thawed(FrozenDisk disk) {
    frozen.remove(disk);
  }

  /// The disk is being put back to a content, while nobody writes: it may hold that one instead.
  synchronized void reverting(long[] content) {
    reverted = Optional.of(content);
  }

  /// Whether nobody knows if it was put back.
  synchronized boolean perhapsReverted() {
    return reverted.isPresent();
  }

  /// The disk was put back.
  synchronized void reverted(long[] content) {
    System.arraycopy(content, 0, current, 0, content.length);
    System.arraycopy(content, 0, durable, 0, content.length);
    reverted = Optional.empty();
  }

  /// After the daemon's death: checks what is found, and goes on from there.
  ///
  /// @param found the whole disk, which may be smaller than before where it was put back: what it
  ///   held beyond is gone, and reads as zeroes once it grows again
  synchronized void recovered(long[] found) {
    boolean wentBack =
        reverted.isPresent() && Arrays.equals(found, Arrays.copyOf(reverted.get(), found.length));
    if (!wentBack) {
      check(found);
    }
    reverted = Optional.empty();
    System.arraycopy(found, 0, current, 0, found.length);
    System.arraycopy(found, 0, durable, 0, found.length);
    Arrays.fill(current, found.length, MOST_SECTORS, 0);
    Arrays.fill(durable, found.length, MOST_SECTORS, 0);
    sinceFlush.clear();
    underWay.clear();
    frozen.clear();
  }

  private void check(long[] found) {
    for (int sector = 0; sector < found.length; sector++) {
      if (found[sector] != durable[sector] && !allowed(sector).contains(found[sector])) {
        throw new Violation(
            "%s: sector %d holds stamp %d; durable is %d, written since %s"
                .formatted(name, sector, found[sector], durable[sector], allowed(sector)));
      }
    }
  }

  /// The daemon let go of the disk, whose clients were gone: everything is durable.
  synchronized void closed() {
    flushed(acknowledged);
  }

  private Set<Long> allowed(int sector) {
    Set<Long> stamps = new HashSet<>(Set.of(durable[sector]));
    for (Acknowledged done : sinceFlush) {
      if (done.number() > durableNumber[sector]) {
        add(stamps, done.change(), sector);
      }
    }
    underWay.forEach(change -> add(stamps, change, sector));
    return stamps;
  }

  private static void add(Set<Long> stamps, Change change, int sector) {
    if (change.covers(sector)) {
      stamps.add(change.stamp());
    }
  }
}
