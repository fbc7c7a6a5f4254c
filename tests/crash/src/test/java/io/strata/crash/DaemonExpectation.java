// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.BlockDevice;
import io.strata.catalog.AttachmentRecord;
import io.strata.catalog.IntentRecord;
import io.strata.catalog.PbdRecord;
import io.strata.catalog.VdiRecord;
import io.strata.gc.GcAction;
import io.strata.manager.StorageManager;
import io.strata.spi.AccessMode;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import io.strata.store.VhdRepository;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/// A daemon that must start again after a crash, and what its users must find then: every disk that
/// was acknowledged, with its content, and nothing that nobody knows.
///
/// @param home the catalog as of its last commit before the crash
/// @param descriptions what each SR carried then
/// @param users what users know
record DaemonExpectation(
    DaemonHome home, Map<String, ByteBuffer> descriptions, DaemonState users, boolean acknowledged)
    implements Expectation {
  private static final long LOOK_NANOS = 500_000;
  private static final int COLLECTED_EVERY = 4;
  private static final int WHOLE_EVERY = 8;
  private static final int COMPARED_BYTES = 1 << 20;
  private static final Duration LONGEST_COPY = Duration.ofSeconds(30);

  /// The same with another catalog.
  DaemonExpectation with(DaemonHome other) {
    return new DaemonExpectation(other, descriptions, users, acknowledged);
  }

  @Override
  public Object beside() {
    return List.of(home, descriptions);
  }

  @Override
  public void verify(SimulatedStorage storage) throws IOException {
    storage.describe(descriptions);
    Found found;
    try {
      try (Daemon daemon =
          Daemon.start(
              home,
              storage,
              now ->
                  storage.expect(
                      new DaemonExpectation(now, storage.descriptions(), users, acknowledged)))) {
        found = checkCatalog(daemon.manager(), storage);
      }
      for (DaemonState.Sr sr : users.srs()) {
        if (marked(storage, sr)) {
          checkContent(
              new SimulatedStore(storage, sr.folder(), () -> {}),
              sr,
              found,
              storage.sampled(WHOLE_EVERY));
        }
      }
    } catch (StorageException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private static boolean marked(SimulatedStorage storage, DaemonState.Sr sr) {
    return storage.names().containsKey(sr.folder() + SimulatedDriver.MARKER);
  }

  /// Copies go on in the background, and so does the removal that ends a move.
  private void awaitSettled(StorageManager manager) throws StorageException {
    Instant latest = Instant.now().plus(LONGEST_COPY);
    while (manager.intents().stream().anyMatch(this::endsByItself)
        && Instant.now().isBefore(latest)) {
      LockSupport.parkNanos(LOOK_NANOS);
    }
    if (!manager.intents().isEmpty()) {
      throw new CrashViolation("not settled: " + manager.intents());
    }
  }

  private boolean endsByItself(IntentRecord intent) {
    return intent.operation().equals("vdi-copy")
        || (users.moving() && intent.operation().equals("vdi-destroy"));
  }

  /// What the catalog knows.
  private record Found(Map<VdiUuid, VdiRecord> records, Set<SrUuid> plugged) {}

  private Found checkCatalog(StorageManager manager, SimulatedStorage storage)
      throws IOException, StorageException {
    awaitSettled(manager);
    List<DaemonState.Sr> there = new ArrayList<>();
    for (DaemonState.Sr sr : users.srs()) {
      if (checkSr(manager, storage, sr)) {
        there.add(sr);
      }
    }
    if (there.isEmpty()) {
      return new Found(Map.of(), Set.of());
    }
    manager
        .pbds()
        .forEach(pbd -> {
          if (pbd.lastError().isPresent()) {
            throw new CrashViolation("can't be plugged: " + pbd.lastError().get());
          }
        });
    checkKnown(records(manager, there));
    checkAttachments(manager);
    Set<SrUuid> plugged =
        manager.pbds().stream()
            .filter(PbdRecord::plugged)
            .map(PbdRecord::sr)
            .collect(Collectors.toSet());
    if (plugged.contains(users.sr()) && storage.sampled(COLLECTED_EVERY)) {
      checkCollected(manager);
    }
    return new Found(records(manager, there), plugged);
  }

  /// @return whether the SR is there
  private static boolean checkSr(
      StorageManager manager, SimulatedStorage storage, DaemonState.Sr sr) throws StorageException {
    boolean known = manager.srs().stream().anyMatch(each -> each.uuid().equals(sr.uuid()));
    boolean marked = marked(storage, sr);
    if (known != marked || (sr.certain() && !known)) {
      throw new CrashViolation("SR " + sr + " is known: " + known + ", is there: " + marked);
    }
    return known;
  }

  private static Map<VdiUuid, VdiRecord> records(StorageManager manager, List<DaemonState.Sr> srs)
      throws StorageException {
    Map<VdiUuid, VdiRecord> records = new HashMap<>();
    for (DaemonState.Sr sr : srs) {
      for (VdiRecord vdi : manager.vdis(sr.uuid())) {
        if (vdi.missing()) {
          throw new CrashViolation("the catalog names VDI " + vdi.uuid() + ", which is not there");
        }
        records.put(vdi.uuid(), vdi);
      }
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
    checkSnapshots(records);
    boolean gone = false;
    for (VdiUuid vdi : users.disks().keySet()) {
      if (!visible.remove(vdi)) {
        gone = users.going().equals(Optional.of(vdi));
        if (!gone) {
          throw new CrashViolation("VDI " + vdi + " is gone from the catalog");
        }
      }
    }
    for (VdiUuid vdi : users.emptied()) {
      if (!users.disks().containsKey(vdi) && !visible.remove(vdi)) {
        throw new CrashViolation("what is known of VDI " + vdi + " is gone from the catalog");
      }
    }
    if (visible.size() > (users.coming().isPresent() ? 1 : 0)) {
      throw new CrashViolation("VDIs that nobody asked for: " + visible);
    }
    if (users.moving() && gone == visible.isEmpty()) {
      throw new CrashViolation(
          "a disk that was moved is " + (gone ? "in neither place" : "in both places"));
    }
  }

  /// Each disk is the snapshot that it was acknowledged as, or none.
  private void checkSnapshots(Map<VdiUuid, VdiRecord> records) {
    for (VdiUuid vdi : users.disks().keySet()) {
      VdiRecord record = records.get(vdi);
      if (record == null) {
        continue;
      }
      Optional<VdiUuid> of = Optional.ofNullable(users.snapshots().get(vdi));
      if (record.isASnapshot() != of.isPresent() || !record.snapshotOf().equals(of)) {
        throw new CrashViolation(
            "VDI %s is a snapshot: %s, of %s, and not of %s"
                .formatted(vdi, record.isASnapshot(), record.snapshotOf(), of));
      }
    }
  }

  /// What a guest has is served again, and nothing else.
  private void checkAttachments(StorageManager manager) throws StorageException {
    Optional<VdiUuid> wanted = users.attached().map(DaemonState.Attached::vdi);
    List<AttachmentRecord> attachments = manager.attachments();
    for (AttachmentRecord attachment : attachments) {
      if (!wanted.equals(Optional.of(attachment.vdi())) || attachment.lastError().isPresent()) {
        throw new CrashViolation("wanted is " + wanted + ", and there is " + attachment);
      }
    }
    boolean certain = users.attached().filter(DaemonState.Attached::certain).isPresent();
    if (attachments.size() > 1 || (certain && attachments.isEmpty())) {
      throw new CrashViolation("wanted is " + wanted + ", and there is " + attachments);
    }
  }

  /// Looks at an SR's storage once the daemon let go of it.
  ///
  /// @param everywhere whether to read the disks in all their bytes
  private void checkContent(
      SimulatedStore store, DaemonState.Sr sr, Found found, boolean everywhere)
      throws IOException, StorageException {
    if (found.plugged().contains(sr.uuid())) {
      checkNames(store);
    }
    try (VhdRepository repository = new VhdRepository(store)) {
      // What an SR that is not plugged was left with goes once it is.
      checkNames(store);
      Map<VdiUuid, VdiRecord> left = new HashMap<>(found.records());
      left.values().removeIf(vdi -> !vdi.sr().equals(sr.uuid()));
      for (Volume volume : repository.scan()) {
        if (volume.problem().isPresent()) {
          throw new CrashViolation("volume " + volume.uuid() + ": " + volume.problem().get());
        }
        Optional<VdiRecord> vdi = Optional.ofNullable(left.remove(volume.uuid()));
        checkSame(vdi, volume);
        if (vdi.filter(VdiRecord::metadataOnly).isPresent()) {
          throw new CrashViolation("the data of VDI " + volume.uuid() + " were to go");
        }
        if (!volume.hidden()) {
          check(repository, volume.uuid(), everywhere);
        }
      }
      if (everywhere) {
        checkSameContent(repository, found.records().values());
      }
      left.values().removeIf(VdiRecord::metadataOnly);
      if (!left.isEmpty()) {
        throw new CrashViolation("the catalog names what is not there: " + left.keySet());
      }
    }
  }

  /// VDIs whose content is known to be the same hold the same: copies leave out what an id says is
  /// there.
  private static void checkSameContent(VhdRepository repository, Collection<VdiRecord> records)
      throws IOException, StorageException {
    Map<String, VdiUuid> known = new HashMap<>();
    for (VdiRecord vdi : records) {
      if (!vdi.holdsDisk() || vdi.knownContent().isEmpty() || !has(repository, vdi)) {
        continue;
      }
      VdiUuid same = known.putIfAbsent(vdi.knownContent().get(), vdi.uuid());
      if (same != null && !holdSame(repository, same, vdi.uuid())) {
        throw new CrashViolation(
            "VDIs %s and %s differ, and both are said to hold %s"
                .formatted(same, vdi.uuid(), vdi.knownContent().get()));
      }
    }
  }

  private static boolean has(VhdRepository repository, VdiRecord vdi) throws StorageException {
    return repository.volume(vdi.uuid()).isPresent();
  }

  /// A disk that grew holds what it held, and zeroes.
  private static boolean holdSame(VhdRepository repository, VdiUuid one, VdiUuid other)
      throws IOException, StorageException {
    try (BlockDevice first = repository.open(one, AccessMode.RO);
        BlockDevice second = repository.open(other, AccessMode.RO)) {
      for (long at = 0;
          at < Math.max(first.sizeBytes(), second.sizeBytes());
          at += COMPARED_BYTES) {
        if (!Arrays.equals(piece(first, at), piece(second, at))) {
          return false;
        }
      }
      return true;
    }
  }

  private static byte[] piece(BlockDevice device, long at) throws IOException {
    byte[] bytes = new byte[COMPARED_BYTES];
    long length = Math.clamp(device.sizeBytes() - at, 0, COMPARED_BYTES);
    if (length > 0) {
      device.read(at, ByteBuffer.wrap(bytes, 0, (int) length));
    }
    return bytes;
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

  private static void checkNames(SimulatedStore store) {
    for (String name : store.names()) {
      boolean volume = name.endsWith(".vhd") && !name.startsWith(".");
      boolean changeLog = name.endsWith(".cbt");
      if (!volume && !changeLog && !name.equals(SimulatedDriver.MARKER)) {
        throw new CrashViolation("left over: " + name);
      }
    }
  }

  private void check(VhdRepository repository, VdiUuid vdi, boolean everywhere)
      throws IOException, StorageException {
    List<DiskModel> alternatives =
        Optional.ofNullable(users.disks().get(vdi))
            .or(() -> users.coming().map(List::of))
            .orElseThrow(() -> new CrashViolation("volume " + vdi + " is nobody's"));
    try (BlockDevice device = repository.open(vdi, AccessMode.RO)) {
      DiskModel.checkOne(alternatives, device, everywhere);
    } catch (CrashViolation wrong) {
      throw new CrashViolation("volume " + vdi + ": " + wrong.getMessage());
    }
  }
}
