// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import io.strata.block.sim.LogEntry;
import io.strata.block.sim.MemoryContainer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Predicate;

/// The durable content of every container, and over each an image of what a crash leaves.
final class CrashImages {
  private static final int SECTOR_BYTES = 512;

  private final List<MemoryContainer> durable = new ArrayList<>();
  private final List<MemoryContainer> crashed = new ArrayList<>();
  private final boolean poison;
  private final Predicate<LogEntry.Write> hasTwin;

  /// @param hasTwin writes of one sector that may be torn within
  /// @param poison whether a lost write leaves remnants where nothing was ever written
  CrashImages(
      List<MemoryContainer> before,
      int containers,
      boolean poison,
      Predicate<LogEntry.Write> hasTwin) {
    this.hasTwin = hasTwin;
    this.poison = poison;
    for (int i = 0; i < containers; i++) {
      MemoryContainer image =
          i < before.size() ? before.get(i).overlay() : MemoryContainer.create("container " + i);
      durable.add(image);
      crashed.add(image.overlay());
    }
  }

  /// The images of the crash, as made last.
  List<MemoryContainer> crashed() {
    return crashed;
  }

  /// Makes a change durable.
  void commit(LogEntry.Change change) throws IOException {
    apply(durable.get(change.container()), change, true);
  }

  /// Forgets the last crash and what was done after it.
  void reset() {
    crashed.forEach(MemoryContainer::reset);
  }

  /// Lets the crash do something to a pending change. In the order of the log.
  void suffer(LogEntry.Change change, Fate fate, boolean forced, SplittableRandom tear)
      throws IOException {
    MemoryContainer image = crashed.get(change.container());
    if (forced) {
      apply(image, change, true);
      return;
    }
    switch (fate) {
      case KEPT -> apply(image, change, false);
      case LOST -> lose(image, change);
      case TORN -> tear(image, change, tear);
    }
  }

  private static void apply(MemoryContainer image, LogEntry.Change change, boolean extend)
      throws IOException {
    switch (change) {
      case LogEntry.Grow grow -> image.ensureCapacity(grow.sizeBytes());
      case LogEntry.Write write -> {
        if (extend) {
          image.ensureCapacity(write.offsetBytes() + write.bytes().length);
        }
        write(image, write, 0, write.bytes().length);
      }
      case LogEntry.Zero zero ->
          zero(image, zero.offsetBytes(), zero.lengthBytes(), zero.punched());
      case LogEntry.Discard discard ->
          zero(image, discard.offsetBytes(), discard.lengthBytes(), true);
    }
  }

  private void lose(MemoryContainer image, LogEntry.Change change) {
    if (!poison) {
      return;
    }
    switch (change) {
      case LogEntry.Write write -> poison(image, write.offsetBytes(), write.bytes().length);
      case LogEntry.Zero zero when !zero.punched() ->
          poison(image, zero.offsetBytes(), zero.lengthBytes());
      case LogEntry.Zero zero -> {}
      case LogEntry.Discard discard -> {}
      case LogEntry.Grow grow -> {}
    }
  }

  private void tear(MemoryContainer image, LogEntry.Change change, SplittableRandom random)
      throws IOException {
    switch (change) {
      case LogEntry.Write write -> tearWrite(image, write, random);
      case LogEntry.Zero zero -> {
        long cut = cut(zero.offsetBytes(), zero.lengthBytes(), random);
        zero(image, zero.offsetBytes(), cut, zero.punched());
      }
      case LogEntry.Discard discard -> {
        long cut = cut(discard.offsetBytes(), discard.lengthBytes(), random);
        zero(image, discard.offsetBytes() + cut, discard.lengthBytes() - cut, true);
      }
      case LogEntry.Grow grow -> {
        long size = image.sizeBytes();
        if (grow.sizeBytes() > size) {
          image.ensureCapacity(size + cut(size, grow.sizeBytes() - size, random));
        }
      }
    }
  }

  private void tearWrite(MemoryContainer image, LogEntry.Write write, SplittableRandom random)
      throws IOException {
    if (hasTwin.test(write)) {
      tearWithin(image, write);
      return;
    }
    boolean prefix = random.nextInt(3) == 0;
    int cut = (int) cut(write.offsetBytes(), write.bytes().length, random);
    int length;
    for (int at = 0; at < write.bytes().length; at += length) {
      int inSector = (int) ((write.offsetBytes() + at) % SECTOR_BYTES);
      length = Math.min(SECTOR_BYTES - inSector, write.bytes().length - at);
      boolean kept = prefix ? at < cut : random.nextBoolean();
      if (kept) {
        write(image, write, at, length);
      } else if (poison) {
        poison(image, write.offsetBytes() + at, length);
      }
    }
  }

  private static void tearWithin(MemoryContainer image, LogEntry.Write write) throws IOException {
    byte[] torn = Arrays.copyOf(write.bytes(), write.bytes().length);
    Arrays.fill(torn, torn.length / 2, torn.length, MemoryContainer.POISON);
    LogEntry.Write half =
        new LogEntry.Write(
            write.container(), write.epoch(), write.offsetBytes(), torn, write.forced());
    write(image, half, 0, torn.length);
  }

  /// How much of a range is taken, up to the start of one of its sectors or to its end: a sector is
  /// whole or not there, wherever in it the range begins.
  private static long cut(long offsetBytes, long lengthBytes, SplittableRandom random) {
    long inSector = offsetBytes % SECTOR_BYTES;
    long sectors = random.nextLong((inSector + lengthBytes) / SECTOR_BYTES + 1);
    return Math.clamp(sectors * SECTOR_BYTES - inSector, 0, lengthBytes);
  }

  /// What lies beyond the end is not there after the crash: the growth got lost.
  private static long visible(MemoryContainer image, long offsetBytes, long lengthBytes) {
    return Math.clamp(image.sizeBytes() - offsetBytes, 0, lengthBytes);
  }

  private static void write(MemoryContainer image, LogEntry.Write write, int at, int length)
      throws IOException {
    long offset = write.offsetBytes() + at;
    int visible = (int) visible(image, offset, length);
    if (visible > 0) {
      image.write(offset, ByteBuffer.wrap(write.bytes(), at, visible), Durability.WRITE_BACK);
    }
  }

  private static void zero(MemoryContainer image, long offset, long length, boolean punched)
      throws IOException {
    long visible = visible(image, offset, length);
    if (visible > 0) {
      Zeroing zeroing = punched ? Zeroing.MAY_DEALLOCATE : Zeroing.ALLOCATE;
      image.writeZeroes(offset, visible, zeroing, Durability.WRITE_BACK);
    }
  }

  private static void poison(MemoryContainer image, long offset, long length) {
    image.poisonUnwritten(offset, visible(image, offset, length));
  }
}
