// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.block.BlockDevice;
import io.strata.spi.AccessMode;
import io.strata.spi.DeviceConfig;
import io.strata.spi.ErrorCode;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.assertj.core.api.Assertions;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/// A manager on storage in memory, with faults at hand.
final class Bench implements AutoCloseable {
  static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
  static final long MIB = 1L << 20;

  final MemoryStorage storage = new MemoryStorage();
  final Faults faults = new Faults();
  final ManualSchedule schedule = new ManualSchedule();
  private final Path home;
  StorageManager manager;

  Bench(Path home) throws StorageException {
    this.home = home;
    storage.add("a");
    storage.add("b");
    manager = open();
  }

  private StorageManager open() throws StorageException {
    return StorageManager.open(config(home));
  }

  ManagerConfig config(Path folder) {
    return new ManagerConfig(
        folder,
        List.of(new MemoryDriver(storage, faults)),
        Clock.fixed(NOW, ZoneOffset.UTC),
        "testhost",
        Duration.ofMillis(300),
        Duration.ofSeconds(5),
        faults,
        false,
        Duration.ofSeconds(5),
        schedule);
  }

  /// Ends the daemon and starts it anew.
  StorageManager restart() throws StorageException {
    manager.close();
    manager = open();
    return manager;
  }

  /// Interrupted copies go on in the background.
  void awaitCopies() throws StorageException, InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (manager.intents().stream().anyMatch(i -> i.operation().equals("vdi-copy"))
        && System.nanoTime() < end) {
      Thread.sleep(5);
    }
  }

  SrUuid sr(String location) throws StorageException {
    return manager.srCreate(SrCreate.of("memory", "sr at " + location, at(location)));
  }

  static DeviceConfig at(String location) {
    return MemoryDriver.at(location);
  }

  VdiUuid vdi(SrUuid sr, String name) throws StorageException {
    return manager.vdiCreate(VdiCreate.of(sr, name, 4 * MIB));
  }

  Attachment attach(VdiUuid vdi, AccessMode mode) throws StorageException {
    return manager.vdiAttach(VdiAttach.of(vdi, mode));
  }

  /// Puts text at the start of a disk, past the manager.
  void write(VdiUuid vdi, String location, String text) throws IOException, StorageException {
    try (BlockDevice disk = repository(location).open(vdi, AccessMode.RW)) {
      disk.write(0, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }
  }

  String read(VdiUuid vdi, String location, int length) throws IOException, StorageException {
    try (BlockDevice disk = repository(location).open(vdi, AccessMode.RO)) {
      ByteBuffer bytes = ByteBuffer.allocate(length);
      disk.read(0, bytes);
      return new String(bytes.array(), StandardCharsets.UTF_8);
    }
  }

  private MemoryRepository repository(String location) {
    return new MemoryRepository(storage, storage.place(location), faults);
  }

  static void refused(ErrorCode code, ThrowingCallable call) {
    Assertions.assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StorageException.class,
            e -> Assertions.assertThat(e.code()).as(e.getMessage()).isEqualTo(code));
  }

  @Override
  public void close() {
    faults.heal();
    manager.close();
  }
}
