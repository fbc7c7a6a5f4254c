// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.BlockDevice;
import io.strata.catalog.PbdRecord;
import io.strata.catalog.VdiRecord;
import io.strata.gc.GcAction;
import io.strata.manager.StorageManager;
import io.strata.spi.AccessMode;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import io.strata.store.VhdRepository;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/// A daemon that must start again after a crash, and what its users must find then: every disk that
/// was acknowledged, with its content, and nothing that nobody knows.
///
/// @param home the catalog as of its last commit before the crash
/// @param description what the SR carried then
/// @param users what users know
record DaemonExpectation(
    DaemonHome home, Optional<byte[]> description, DaemonState users, boolean acknowledged)
    implements Expectation {
  private static final long LOOK_NANOS = 500_000;
  private static final int COLLECTED_EVERY = 4;
  private static final Duration LONGEST_COPY = Duration.ofSeconds(30);

  /// The same with another catalog.
  DaemonExpectation with(DaemonHome other) {
    return new DaemonExpectation(other, description, users, acknowledged);
  }

  @Override
  public Object beside() {
    return List.of(home, description.map(ByteBuffer::wrap));
  }

  @Override
  public void verify(SimulatedStorage storage) throws IOException {
    storage.describe(description);
    Map<VdiUuid, VdiRecord> records;
    try {
      try (Daemon daemon =
          Daemon.start(
              home,
              storage,
              now ->
                  storage.expect(
                      new DaemonExpectation(now, storage.description(), users, acknowledged)))) {
        records = checkCatalog(daemon.manager(), storage);
      }
      if (storage.names().containsKey(SimulatedDriver.MARKER)) {
        checkContent(storage, records);
      }
    } catch (StorageException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /// Copies go on in the background.
  private static void awaitSettled(StorageManager manager) throws StorageException {
    Instant latest = Instant.now().plus(LONGEST_COPY);
    while (manager.intents().stream().anyMatch(i -> i.operation().equals("vdi-copy"))
        && Instant.now().isBefore(latest)) {
      LockSupport.parkNanos(LOOK_NANOS);
    }
    if (!manager.intents().isEmpty()) {
      throw new CrashViolation("not settled: " + manager.intents());
    }
  }

  private Map<VdiUuid, VdiRecord> checkCatalog(StorageManager manager, SimulatedStorage storage)
      throws IOException, StorageException {
    awaitSettled(manager);
    boolean known = manager.srs().stream().anyMatch(sr -> sr.uuid().equals(users.sr()));
    boolean marked = storage.names().containsKey(SimulatedDriver.MARKER);
    if (known != marked || (users.srCertain() && !known)) {
      throw new CrashViolation("the SR is known: " + known + ", is there: " + marked);
    }
    if (!known) {
      return Map.of();
    }
    manager
        .pbds()
        .forEach(pbd -> {
          if (pbd.lastError().isPresent()) {
            throw new CrashViolation("can't be plugged: " + pbd.lastError().get());
          }
        });
    checkKnown(records(manager));
    boolean plugged = manager.pbds().stream().anyMatch(PbdRecord::plugged);
    if (plugged && storage.sampled(COLLECTED_EVERY)) {
      checkCollected(manager);
    }
    return records(manager);
  }

  private Map<VdiUuid, VdiRecord> records(StorageManager manager) throws StorageException {
    Map<VdiUuid, VdiRecord> records = new HashMap<>();
    for (VdiRecord vdi : manager.vdis(users.sr())) {
      if (vdi.missing()) {
        throw new CrashViolation("the catalog names VDI " + vdi.uuid() + ", which is not there");
      }
      records.put(vdi.uuid(), vdi);
    }
    return records;
  }

  /// What a crash left to be collected goes with the next collection: nothing stays hidden that
  /// does not serve several disks.
  private void checkCollected(StorageManager manager) throws StorageException {
    manager.srGc(users.sr());
    for (GcAction action : manager.srGcPlan(users.sr())) {
      if (!(action instanceof GcAction.Keep)) {
        throw new CrashViolation("left after a collection: " + action);
      }
    }
  }

  /// Everything that users know is there, and at most one disk more that is being made.
  private void checkKnown(Map<VdiUuid, VdiRecord> records) {
    Set<VdiUuid> visible = new HashSet<>();
    for (VdiRecord vdi : records.values()) {
      if (vdi.managed()) {
        visible.add(vdi.uuid());
        if (vdi.metadataOnly() && !users.emptied().contains(vdi.uuid())) {
          throw new CrashViolation("nobody gave up the data of VDI " + vdi.uuid());
        }
        if (vdi.nameLabel().isEmpty()) {
          throw new CrashViolation("a scan found VDI " + vdi.uuid() + ", which has no name");
        }
      }
    }
    for (VdiUuid vdi : users.disks().keySet()) {
      if (!visible.remove(vdi) && !users.going().equals(Optional.of(vdi))) {
        throw new CrashViolation("VDI " + vdi + " is gone from the catalog");
      }
    }
    for (VdiUuid vdi : users.emptied()) {
      if (!users.disks().containsKey(vdi) && !visible.remove(vdi)) {
        throw new CrashViolation("what is known of VDI " + vdi + " is gone from the catalog");
      }
    }
    for (Map.Entry<VdiUuid, Long> grown : users.grownBytes().entrySet()) {
      VdiRecord vdi = records.get(grown.getKey());
      if (vdi != null && vdi.virtualSizeBytes() < grown.getValue()) {
        throw new CrashViolation("VDI " + vdi.uuid() + " is smaller than " + grown.getValue());
      }
    }
    if (visible.size() > (users.coming().isPresent() ? 1 : 0)) {
      throw new CrashViolation("VDIs that nobody asked for: " + visible);
    }
  }

  /// Looks at the storage once the daemon let go of it.
  private void checkContent(SimulatedStorage storage, Map<VdiUuid, VdiRecord> records)
      throws IOException, StorageException {
    for (String name : storage.names().keySet()) {
      boolean volume = name.endsWith(".vhd") && !name.startsWith(".");
      boolean changeLog = name.endsWith(".cbt");
      if (!volume && !changeLog && !name.equals(SimulatedDriver.MARKER)) {
        throw new CrashViolation("left over: " + name);
      }
    }
    try (VhdRepository repository = new VhdRepository(new SimulatedStore(storage))) {
      Map<VdiUuid, VdiRecord> left = new HashMap<>(records);
      for (Volume volume : repository.scan()) {
        if (volume.problem().isPresent()) {
          throw new CrashViolation("volume " + volume.uuid() + ": " + volume.problem().get());
        }
        checkSame(Optional.ofNullable(left.remove(volume.uuid())), volume);
        if (!volume.hidden()) {
          check(repository, volume.uuid());
        }
      }
      left.values().removeIf(VdiRecord::metadataOnly);
      if (!left.isEmpty()) {
        throw new CrashViolation("the catalog names what is not there: " + left.keySet());
      }
    }
  }

  /// The catalog says the same as the storage.
  private static void checkSame(Optional<VdiRecord> vdi, Volume volume) {
    boolean same =
        vdi.isPresent()
            && vdi.get().virtualSizeBytes() == volume.virtualSizeBytes()
            && vdi.get().managed() == !volume.hidden()
            && vdi.get().parent().equals(volume.parent());
    if (!same) {
      throw new CrashViolation("the catalog says " + vdi + " of volume " + volume);
    }
  }

  private void check(VhdRepository repository, VdiUuid vdi) throws IOException, StorageException {
    SectorModel model =
        Optional.ofNullable(users.disks().get(vdi))
            .or(users::coming)
            .orElseThrow(() -> new CrashViolation("volume " + vdi + " is nobody's"));
    try (BlockDevice device = repository.open(vdi, AccessMode.RO)) {
      model.checkTouched(device);
    }
  }
}
