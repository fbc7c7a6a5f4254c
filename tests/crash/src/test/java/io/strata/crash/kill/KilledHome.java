// SPDX-License-Identifier: Apache-2.0
package io.strata.crash.kill;

import io.strata.spi.VdiUuid;
import io.strata.toolstack.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/// Disks and snapshots of one SR, what they must hold, and one verb after another on them.
///
/// For one thread. A verb whose answer never came is settled by what the next daemon shows.
final class KilledHome {
  private static final long MIB = 1L << 20;
  private static final long SIZE_BYTES = 24 * MIB;
  private static final long GROWTH_BYTES = 2 * MIB;
  private static final long MOST_BYTES = (long) DiskModel.MOST_SECTORS * Stamps.SECTOR_BYTES;
  private static final int MOST_DISKS = 4;
  private static final int MOST_SNAPSHOTS = 8;
  private static final int CLIENTS = 3;

  private final SplittableRandom random;
  private final Barriers barriers;
  private final BooleanSupplier dying;
  private final AtomicLong stamps = new AtomicLong();
  private final Map<VdiUuid, Disk> disks = new LinkedHashMap<>();
  private final Map<VdiUuid, FrozenDisk> snapshots = new LinkedHashMap<>();

  /// Which disk each snapshot is of.
  private final Map<VdiUuid, VdiUuid> origins = new LinkedHashMap<>();

  private String sr = "";
  private Outcome unanswered = Outcome.NOTHING;
  private long verbs;
  private long refusals;

  // Of disks that are gone.
  private long acknowledged;
  private long durable;

  /// What a restart shows of a verb that had no answer.
  private interface Outcome {
    Outcome NOTHING = found -> {};

    /// @param found every disk and snapshot by its UUID
    void settle(Map<String, Json.Members> found);
  }

  /// @param dying whether the daemon is being killed
  KilledHome(SplittableRandom random, Barriers barriers, BooleanSupplier dying) {
    this.random = random;
    this.barriers = barriers;
    this.dying = dying;
  }

  void created(String newSr) {
    sr = newSr;
  }

  long verbs() {
    return verbs;
  }

  long refusals() {
    return refusals;
  }

  /// Changes that clients had an answer for.
  long acknowledged() {
    return acknowledged
        + disks.values().stream().mapToLong(d -> d.model().acknowledgedCount()).sum();
  }

  /// Those of them that were flushed.
  long durable() {
    return durable + disks.values().stream().mapToLong(d -> d.model().durableCount()).sum();
  }

  /// Does a verb, and waits for its answer.
  void verb(Verbs api) throws IOException, InterruptedException {
    int choice = random.nextInt(100);
    if (disks.size() < 2) {
      create(api);
    } else if (choice < 32) {
      snapshot(api, someOf(disks.values()));
    } else if (choice < 50 && !snapshots.isEmpty()) {
      destroySnapshot(api, someOf(snapshots.keySet()));
    } else if (choice < 60 && !snapshots.isEmpty()) {
      cloneSnapshot(api, someOf(snapshots.keySet()));
    } else if (choice < 66 && !snapshots.isEmpty()) {
      copy(api, someOf(snapshots.keySet()));
    } else if (choice < 72) {
      resize(api, someOf(disks.values()));
    } else if (choice < 82) {
      switchAttachment(api, someOf(disks.values()));
    } else if (choice < 88) {
      destroy(api, someOf(disks.values()));
    } else if (choice < 92 && !snapshots.isEmpty()) {
      revert(api, someOf(snapshots.keySet()));
    } else if (choice < 96) {
      create(api);
    } else {
      done(api.tryCall("sr.gc", Json.object().with("uuid", sr).build()).isPresent());
    }
  }

  private <T> T someOf(Collection<T> all) {
    return all.stream().skip(random.nextInt(all.size())).findFirst().orElseThrow();
  }

  /// @return whether the verb was carried out
  private boolean done(boolean carriedOut) {
    unanswered = Outcome.NOTHING;
    if (carriedOut) {
      verbs++;
    } else {
      refusals++;
    }
    return carriedOut;
  }

  private void create(Verbs api) throws IOException {
    if (disks.size() >= MOST_DISKS) {
      return;
    }
    VdiUuid vdi = VdiUuid.random();
    Disk disk = new Disk(vdi, name("disk"), new long[0], SIZE_BYTES);
    unanswered = found -> addIfFound(found, disk);
    Json.Members params =
        Json.object()
            .with("sr-uuid", sr)
            .with("name-label", disk.name())
            .with("virtual-size", SIZE_BYTES)
            .with("new-uuid", vdi.toString())
            .build();
    if (done(api.tryCall("vdi.create", params).isPresent())) {
      disks.put(vdi, disk);
      attach(api, disk);
    }
  }

  private String name(String kind) {
    return kind + "-" + stamps.incrementAndGet();
  }

  private void addIfFound(Map<String, Json.Members> found, Disk disk) {
    if (found.containsKey(disk.vdi().toString())) {
      disks.put(disk.vdi(), disk);
    }
  }

  private void attach(Verbs api, Disk disk) throws IOException {
    unanswered = found -> disk.attachmentUnknown(isAttached(found, disk.vdi()));
    Optional<NbdUri> uri = api.attach(disk.vdi(), "RW");
    if (done(uri.isPresent())) {
      disk.servedAt(uri);
      disk.model().recovered(uri.orElseThrow().readAll(disk.name()));
      startClients(disk);
    }
  }

  private static boolean isAttached(Map<String, Json.Members> found, VdiUuid vdi) {
    return found.getOrDefault(vdi.toString(), Json.Members.NONE).text("attached").equals("true");
  }

  private void startClients(Disk disk) {
    for (int i = 0; i < CLIENTS; i++) {
      NbdUri uri = disk.uri().orElseThrow();
      disk.clients()
          .add(new DiskClient(disk, uri, i, CLIENTS, random.split(), stamps, barriers, dying));
    }
  }

  private void detach(Verbs api, Disk disk) throws IOException, InterruptedException {
    disk.stopClients();
    unanswered = found -> disk.attachmentUnknown(isAttached(found, disk.vdi()));
    api.detach(disk.vdi());
    done(true);
    disk.servedAt(Optional.empty());
    disk.model().closed();
  }

  private void switchAttachment(Verbs api, Disk disk) throws IOException, InterruptedException {
    if (disk.uri().isPresent()) {
      detach(api, disk);
    }
    attach(api, disk);
  }

  private void snapshot(Verbs api, Disk disk) throws IOException {
    if (snapshots.size() >= MOST_SNAPSHOTS) {
      return;
    }
    VdiUuid snapshot = VdiUuid.random();
    String name = name("snapshot");
    FrozenDisk frozen = disk.model().freeze(name, disk.sizeBytes());
    unanswered =
        found -> {
          if (found.containsKey(snapshot.toString())) {
            addSnapshot(snapshot, frozen, disk);
          }
        };
    Json.Members params =
        Verbs.on(disk.vdi())
            .with("new-name-label", name)
            .with("new-uuid", snapshot.toString())
            .build();
    boolean taken = done(api.tryCall("vdi.snapshot", params).isPresent());
    disk.model().thawed(frozen);
    if (taken) {
      addSnapshot(snapshot, frozen, disk);
    }
  }

  private void addSnapshot(VdiUuid snapshot, FrozenDisk frozen, Disk disk) {
    snapshots.put(snapshot, frozen);
    origins.put(snapshot, disk.vdi());
  }

  private void destroySnapshot(Verbs api, VdiUuid snapshot) throws IOException {
    unanswered =
        found -> {
          if (!found.containsKey(snapshot.toString())) {
            snapshots.remove(snapshot);
          }
        };
    if (done(api.tryCall("vdi.destroy", Verbs.on(snapshot).build()).isPresent())) {
      snapshots.remove(snapshot);
    }
  }

  private void cloneSnapshot(Verbs api, VdiUuid snapshot) throws IOException {
    if (disks.size() >= MOST_DISKS) {
      return;
    }
    FrozenDisk source = look(api, snapshot);
    Disk disk = new Disk(VdiUuid.random(), name("clone"), source.content(), source.sizeBytes());
    unanswered = found -> addIfFound(found, disk);
    Json.Members params =
        Verbs.on(snapshot)
            .with("new-name-label", disk.name())
            .with("new-uuid", disk.vdi().toString())
            .build();
    if (done(api.tryCall("vdi.clone", params).isPresent())) {
      disks.put(disk.vdi(), disk);
      attach(api, disk);
    }
  }

  private void copy(Verbs api, VdiUuid snapshot) throws IOException {
    if (disks.size() >= MOST_DISKS) {
      return;
    }
    FrozenDisk source = look(api, snapshot);
    String name = name("copy");
    unanswered =
        found ->
            found.forEach((uuid, vdi) -> {
              if (vdi.text("name-label").equals(name)) {
                addCopy(uuid, name, source);
              }
            });
    Json.Members params =
        Verbs.on(snapshot).with("sr-uuid", sr).with("new-name-label", name).build();
    Optional<Json.Members> copied = api.tryCall("vdi.copy", params);
    if (done(copied.isPresent())) {
      attach(api, addCopy(copied.orElseThrow().text("uuid"), name, source));
    }
  }

  private Disk addCopy(String uuid, String name, FrozenDisk source) {
    VdiUuid vdi = new VdiUuid(UUID.fromString(uuid));
    Disk disk = new Disk(vdi, name, source.content(), source.sizeBytes());
    disks.put(vdi, disk);
    return disk;
  }

  private void resize(Verbs api, Disk disk) throws IOException {
    long larger = disk.sizeBytes() + GROWTH_BYTES;
    if (larger > MOST_BYTES) {
      return;
    }
    unanswered =
        found ->
            disk.resized(
                found.getOrDefault(disk.vdi().toString(), Json.Members.NONE).whole("virtual-size"));
    Json.Members params = Verbs.on(disk.vdi()).with("disk-size", larger).build();
    if (done(api.tryCall("vdi.resize", params).isPresent())) {
      disk.resized(larger);
    }
  }

  private void destroy(Verbs api, Disk disk) throws IOException, InterruptedException {
    if (disks.size() <= 2) {
      return;
    }
    if (disk.uri().isPresent()) {
      detach(api, disk);
    }
    unanswered =
        found -> {
          if (!found.containsKey(disk.vdi().toString())) {
            removed(disk);
          }
        };
    if (done(api.tryCall("vdi.destroy", Verbs.on(disk.vdi()).build()).isPresent())) {
      removed(disk);
    }
  }

  private void removed(Disk disk) {
    disks.remove(disk.vdi());
    acknowledged += disk.model().acknowledgedCount();
    durable += disk.model().durableCount();
  }

  private void revert(Verbs api, VdiUuid snapshot) throws IOException, InterruptedException {
    Optional<Disk> of =
        Optional.ofNullable(origins.get(snapshot))
            .flatMap(vdi -> Optional.ofNullable(disks.get(vdi)));
    if (of.isEmpty()) {
      return;
    }
    Disk disk = of.get();
    FrozenDisk content = look(api, snapshot);
    if (disk.uri().isPresent()) {
      detach(api, disk);
    }
    unanswered =
        found -> {
          disk.model().reverting(content.content());
          disk.resized(
              found.getOrDefault(disk.vdi().toString(), Json.Members.NONE).whole("virtual-size"));
        };
    Json.Members params = Json.object().with("snapshot-uuid", snapshot.toString()).build();
    if (done(api.tryCall("vdi.revert", params).isPresent())) {
      disk.model().reverted(content.content());
      disk.resized(content.sizeBytes());
    }
    attach(api, disk);
  }

  /// Reads a snapshot, and checks it.
  private FrozenDisk look(Verbs api, VdiUuid snapshot) throws IOException {
    FrozenDisk frozen = snapshots.get(snapshot);
    if (frozen == null) {
      throw new Violation("no snapshot " + snapshot);
    }
    Optional<NbdUri> uri = api.attach(snapshot, "RO");
    if (uri.isPresent()) {
      long[] stamps = uri.get().readAll(frozen.name());
      api.detach(snapshot);
      frozen.check(stamps);
    } else if (!frozen.settled()) {
      throw new Violation(frozen.name() + " can't be attached");
    }
    return frozen;
  }

  /// After a restart: everything must be there, and hold what it must. Then clients go on.
  void recovered(Verbs api) throws IOException {
    Map<String, Json.Members> found = api.vdis();
    unanswered.settle(found);
    unanswered = Outcome.NOTHING;
    checkKnown(found);
    Json.Members report = api.call("sr.check", Json.object().with("uuid", sr).build());
    if (report.whole("errors") != 0) {
      throw new Violation("sr-check: " + report);
    }
    for (Map.Entry<VdiUuid, FrozenDisk> entry : Map.copyOf(snapshots).entrySet()) {
      VdiUuid snapshot = entry.getKey();
      boolean attached = isAttached(found, snapshot);
      if (attached) {
        api.detach(snapshot);
      }
      if (attached || !entry.getValue().settled() || random.nextInt(6) == 0) {
        look(api, snapshot);
      }
    }
    for (Disk disk : disks.values()) {
      checkDisk(api, found, disk);
    }
  }

  private void checkKnown(Map<String, Json.Members> found) {
    List<String> known = new ArrayList<>();
    disks.keySet().forEach(vdi -> known.add(vdi.toString()));
    snapshots.keySet().forEach(vdi -> known.add(vdi.toString()));
    if (!found.keySet().equals(new TreeSet<>(known))) {
      throw new Violation("known are " + known + ", there are " + found.keySet());
    }
    found
        .values()
        .forEach(vdi -> {
          if (vdi.text("missing").equals("true") || !vdi.text("problem").isEmpty()) {
            throw new Violation("not whole: " + vdi);
          }
        });
  }

  private void checkDisk(Verbs api, Map<String, Json.Members> found, Disk disk) throws IOException {
    if (disk.attachedPerhaps()) {
      // Its attach or its detach had no answer: asked again, it has one.
      disk.servedAt(api.attach(disk.vdi(), "RW"));
    } else if (disk.uri().isPresent() != isAttached(found, disk.vdi())) {
      throw new Violation(disk.name() + ": attached must be " + disk.uri() + ": " + found);
    }
    if (disk.uri().isEmpty()) {
      if (disk.model().perhapsReverted()) {
        NbdUri uri = api.attach(disk.vdi(), "RO").orElseThrow();
        disk.model().recovered(uri.readAll(disk.name()));
        api.detach(disk.vdi());
      }
      return;
    }
    long[] stamps = disk.uri().get().readAll(disk.name());
    if (stamps.length != disk.sizeBytes() / Stamps.SECTOR_BYTES) {
      throw new Violation(
          disk.name()
              + ": "
              + stamps.length
              + " sectors instead of "
              + disk.sizeBytes()
              + " bytes");
    }
    disk.model().recovered(stamps);
    startClients(disk);
  }

  /// The daemon is gone, and clients with it.
  void stopClients() throws InterruptedException {
    for (Disk disk : disks.values()) {
      disk.stopClients();
    }
  }
}
