// SPDX-License-Identifier: Apache-2.0
package io.strata.crash.kill;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import io.strata.nbd.NbdClient;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/// One client of a disk: writes, trims, flushes and reads back over a connection of its own until
/// it is told to stop or the daemon dies.
///
/// Clients of one disk write to different MiB of it, and flush for each other.
final class DiskClient {
  private static final int UNIT_SECTORS = 2048;
  private static final int USUAL_SECTORS = 16;

  private final String disk;
  private final NbdUri uri;
  private final DiskModel model;
  private final int number;
  private final int clients;
  private final SplittableRandom random;
  private final AtomicLong stamps;
  private final Barriers barriers;
  private final BooleanSupplier dying;
  private final Thread thread;

  // Written by its thread alone.
  private volatile boolean stopAsked;
  private volatile Throwable failure = new Throwable("none");
  private volatile boolean failed;

  /// Starts a client.
  ///
  /// @param number which of the disk's `clients` it is
  /// @param stamps gives each write a stamp that no other has
  /// @param dying whether failures are to be expected
  DiskClient(
      Disk disk,
      NbdUri uri,
      int number,
      int clients,
      SplittableRandom random,
      AtomicLong stamps,
      Barriers barriers,
      BooleanSupplier dying) {
    this.disk = disk.name();
    this.uri = uri;
    this.model = disk.model();
    this.number = number;
    this.clients = clients;
    this.random = random;
    this.stamps = stamps;
    this.barriers = barriers;
    this.dying = dying;
    thread = Thread.ofPlatform().name("client-" + this.disk + "-" + number).start(this::run);
  }

  /// Ends after the request that is under way.
  ///
  /// @throws Violation where anything but the daemon's death ended it
  void stop() throws InterruptedException {
    stopAsked = true;
    thread.join();
    if (failed) {
      throw new Violation(disk + ": a client failed while the daemon lived: " + failure);
    }
  }

  private void run() {
    try (NbdClient client = uri.connect()) {
      while (!stopAsked) {
        step(client);
      }
    } catch (IOException gone) {
      if (!dying.getAsBoolean()) {
        fail(gone);
      }
    } catch (RuntimeException lost) {
      fail(lost);
    }
  }

  private void fail(Throwable reason) {
    failure = reason;
    failed = true;
  }

  private void step(NbdClient client) throws IOException {
    int units = (int) (client.sizeBytes() / Stamps.SECTOR_BYTES / UNIT_SECTORS);
    int mine = units / clients;
    int first = (random.nextInt(mine) * clients + number) * UNIT_SECTORS;
    int most = random.nextInt(12) == 0 ? UNIT_SECTORS : USUAL_SECTORS;
    int sectors = 1 + random.nextInt(most);
    int at = first + random.nextInt(UNIT_SECTORS - sectors + 1);
    int choice = random.nextInt(100);
    if (choice < 62) {
      write(client, at, sectors, false);
    } else if (choice < 70) {
      write(client, at, sectors, true);
    } else if (choice < 76) {
      zero(client, at, sectors);
    } else if (choice < 82) {
      trim(client, at, sectors);
    } else if (choice < 90) {
      flush(client);
    } else {
      readBack(client, at, sectors);
    }
  }

  private void write(NbdClient client, int at, int sectors, boolean forced) throws IOException {
    Change change = new Change(number, at, sectors, stamps.incrementAndGet(), false);
    ByteBuffer bytes = Stamps.fill(at, sectors, change.stamp());
    model.begin(change);
    client.write(offset(at), bytes, forced ? barriers.forced() : Durability.WRITE_BACK);
    model.acknowledge(change, forced);
  }

  private void zero(NbdClient client, int at, int sectors) throws IOException {
    Change change = new Change(number, at, sectors, 0, false);
    model.begin(change);
    client.writeZeroes(offset(at), offset(sectors), Zeroing.MAY_DEALLOCATE, Durability.WRITE_BACK);
    model.acknowledge(change, false);
  }

  private void trim(NbdClient client, int at, int sectors) throws IOException {
    Change change = new Change(number, at, sectors, 0, true);
    model.begin(change);
    client.discard(offset(at), offset(sectors));
    model.acknowledgeTrim(change, read(client, at, sectors));
  }

  private void flush(NbdClient client) throws IOException {
    long upTo = model.flushBegins();
    barriers.flush(client);
    model.flushed(upTo);
  }

  private void readBack(NbdClient client, int at, int sectors) throws IOException {
    long[] found = read(client, at, sectors);
    for (int i = 0; i < sectors; i++) {
      if (found[i] != model.current(at + i)) {
        throw new Violation(
            "%s: sector %d reads as stamp %d, and %d was written%s"
                .formatted(
                    disk,
                    at + i,
                    found[i],
                    model.current(at + i),
                    model.trimmed(at + i) ? ", then trimmed" : ""));
      }
    }
  }

  private long[] read(NbdClient client, int at, int sectors) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(sectors * Stamps.SECTOR_BYTES);
    client.read(offset(at), bytes);
    return Stamps.read(disk, at, bytes.flip());
  }

  private static long offset(int sector) {
    return (long) sector * Stamps.SECTOR_BYTES;
  }
}
