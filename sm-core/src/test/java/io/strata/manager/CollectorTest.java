// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.catalog.VdiRecord;
import io.strata.gc.GcAction;
import io.strata.nbd.NbdClient;
import io.strata.spi.AccessMode;
import io.strata.spi.ErrorCode;
import io.strata.spi.PbdUuid;
import io.strata.spi.SpaceStat;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.store.RefusingStore.Refusal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Chains on real VHDs are made shorter under a client that writes over NBD.
class CollectorTest {
  private static final int SIZE = 32 << 20;
  private static final int SECTOR = 4096;

  @TempDir Path folder;
  private final Faults faults = new Faults();
  private final FolderDriver driver = new FolderDriver();
  private final byte[] model = new byte[SIZE];
  private final Random random = new Random(7);

  @Test
  void runningDiskKeepsItsBytesWhileItsChainIsCollected() throws Exception {
    try (StorageManager manager = open()) {
      VdiUuid disk = prepare(manager);
      SrUuid sr = manager.vdi(disk).sr();
      AtomicBoolean stop = new AtomicBoolean();
      AtomicReference<Throwable> failure = new AtomicReference<>();
      Thread guest =
          Thread.ofPlatform()
              .start(() -> {
                try (NbdClient client = client(disk)) {
                  while (!stop.get()) {
                    write(client, 1);
                  }
                } catch (IOException | RuntimeException e) {
                  failure.set(e);
                }
              });
      List<GcAction> done = manager.srGc(sr);
      List<GcAction> left = manager.srGcPlan(sr);
      stop.set(true);
      guest.join();
      assertThat(failure.get()).isNull();
      assertThat(done).isNotEmpty();
      assertThat(left).as("left although the guest never paused").isEmpty();
      try (NbdClient client = client(disk)) {
        assertThat(read(client)).isEqualTo(model);
      }
      assertThat(manager.srGcPlan(sr)).isEmpty();
      assertThat(manager.vdis(sr)).hasSize(1);
    }
    try (StorageManager _ = open();
        NbdClient client = client(onlyDisk)) {
      assertThat(read(client)).isEqualTo(model);
    }
  }

  /// A merge that filled the SR would leave guests without space, and itself unended.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void mergeThatMayNotFitIsNotBegun(boolean attached) throws Exception {
    try (StorageManager manager = open()) {
      VdiUuid disk = prepare(manager);
      SrUuid sr = manager.vdi(disk).sr();
      if (!attached) {
        manager.vdiDetach(disk, VdiAttach.HOST_DOMAIN);
      }
      Map<Path, Long> before = sizes();
      driver.space(new SpaceStat(1L << 30, 64 << 10));
      assertThatThrownBy(() -> manager.srGc(sr))
          .isInstanceOfSatisfying(
              StorageException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SR_NO_SPACE))
          .hasMessageContaining("65536 bytes free")
          .hasMessageContaining("0 actions done");
      assertThat(sizes()).isEqualTo(before);
      driver.space(new SpaceStat(1L << 30, 1L << 30));
      assertThat(manager.srGc(sr)).isNotEmpty();
      assertThat(manager.srGcPlan(sr)).isEmpty();
      if (attached) {
        try (NbdClient client = client(disk)) {
          assertThat(read(client)).isEqualTo(model);
        }
      } else {
        assertThat(readAttached(manager, disk)).isEqualTo(model);
      }
    }
  }

  /// What a merge takes is counted, so that one that takes little is what helps a full SR.
  @Test
  void mergeThatTakesLittleIsDoneOnAnAlmostFullSr() throws Exception {
    try (StorageManager manager = open()) {
      VdiUuid disk = prepare(manager);
      SrUuid sr = manager.vdi(disk).sr();
      manager.vdiDetach(disk, VdiAttach.HOST_DOMAIN);
      driver.space(new SpaceStat(1L << 40, 24L << 20));
      assertThat(manager.srGc(sr)).isNotEmpty();
      assertThat(manager.srGcPlan(sr)).isEmpty();
      assertThat(readAttached(manager, disk)).isEqualTo(model);
    }
  }

  private Map<Path, Long> sizes() throws IOException {
    Map<Path, Long> sizes = new java.util.TreeMap<>();
    try (Stream<Path> files = Files.list(folder.resolve("sr"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".vhd")).toList()) {
        sizes.put(file, Files.size(file));
      }
    }
    return sizes;
  }

  @Test
  void leafIsFrozenOnceAndThenMergedWithWhatTheGuestWroteMeanwhile() throws Exception {
    try (StorageManager manager = open()) {
      VdiUuid disk = prepare(manager);
      SrUuid sr = manager.vdi(disk).sr();
      AtomicInteger freezes = new AtomicInteger();
      try (NbdClient client = client(disk)) {
        faults.whenPassing(
            "vdi-freeze.frozen",
            () -> {
              freezes.incrementAndGet();
              writeMore(client);
            });
        assertThat(manager.srGc(sr)).isNotEmpty();
        assertThat(freezes).hasValue(1);
        assertThat(manager.srGcPlan(sr)).isEmpty();
        assertThat(read(client)).isEqualTo(model);
        write(client, 50);
        manager.vdiSnapshot(VdiSnapshot.of(disk));
        write(client, 50);
        assertThat(read(client)).isEqualTo(model);
      }
    }
    try (StorageManager _ = open();
        NbdClient client = client(onlyDisk)) {
      assertThat(read(client)).isEqualTo(model);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatWaitsIsCollectedOnceAnSrIsThereAgain(boolean unplugged) throws Exception {
    SrUuid sr;
    try (StorageManager manager = open()) {
      VdiUuid disk = prepare(manager);
      sr = manager.vdi(disk).sr();
      if (unplugged) {
        manager.vdiDetach(disk, VdiAttach.HOST_DOMAIN);
        manager.pbdUnplug(manager.pbds().getFirst().uuid());
      }
    }
    try (StorageManager manager = FolderBench.collecting(folder, driver)) {
      if (unplugged) {
        manager.pbdPlug(manager.pbds().getFirst().uuid());
      }
      long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
      while (manager.vdis(sr).size() > 1 && System.nanoTime() < end) {
        Thread.sleep(20);
      }
      assertThat(manager.vdis(sr)).extracting(VdiRecord::uuid).containsExactly(onlyDisk);
      if (unplugged) {
        attach(manager, onlyDisk);
      }
      try (NbdClient client = client(onlyDisk)) {
        assertThat(read(client)).isEqualTo(model);
      }
    }
  }

  @Test
  void nodesThatWereNotKnownWaitUntilACollectionIsAskedFor() throws Exception {
    SrUuid sr;
    try (StorageManager manager = open()) {
      VdiUuid disk = prepare(manager);
      sr = manager.vdi(disk).sr();
      manager.vdiDetach(disk, VdiAttach.HOST_DOMAIN);
      manager.pbdUnplug(manager.pbds().getFirst().uuid());
      manager.srForget(sr);
    }
    try (StorageManager manager = FolderBench.collecting(folder, driver)) {
      manager.srIntroduce(new SrIntroduce(sr, "folder", "", "", false, "user"));
      manager.pbdPlug(
          manager.pbdCreate(
              new PbdCreate(sr, Optional.empty(), FolderDriver.at(folder.resolve("sr")))));
      int found = manager.vdis(sr).size();
      assertThat(found).isGreaterThan(1);
      Thread.sleep(200);
      assertThat(manager.vdis(sr)).hasSize(found);
      manager.srGc(sr);
      assertThat(manager.vdis(sr)).extracting(VdiRecord::uuid).containsExactly(onlyDisk);
    }
  }

  @Test
  void nodesThatNothingNeedsDontKeepAnSrFromBeingDestroyed() throws Exception {
    try (StorageManager manager = open()) {
      VdiUuid disk = prepare(manager);
      SrUuid sr = manager.vdi(disk).sr();
      manager.vdiDetach(disk, VdiAttach.HOST_DOMAIN);
      AtomicInteger deletions = new AtomicInteger();
      driver.refuse((call, _) -> call.equals("delete") && deletions.incrementAndGet() > 1);
      assertThatThrownBy(() -> manager.vdiDestroy(disk)).isInstanceOf(StorageException.class);
      driver.refuse(FolderDriver.NOTHING);
      manager.srScan(sr);
      assertThat(manager.vdis(sr)).isNotEmpty().noneMatch(VdiRecord::managed);
      manager.srDestroy(sr);
      try (Stream<Path> files = Files.list(folder.resolve("sr"))) {
        assertThat(files.map(f -> f.getFileName().toString()))
            .noneMatch(name -> name.endsWith(".vhd"));
      }
    }
  }

  @Test
  void treeSaysWhatWaitsForACollectionAndWhy() throws Exception {
    try (StorageManager manager = open()) {
      VdiUuid disk = prepare(manager);
      SrUuid sr = manager.vdi(disk).sr();
      List<String> waiting = waiting(manager, sr);
      assertThat(waiting)
          .isNotEmpty()
          .allSatisfy(reason ->
              assertThat(reason).startsWith("is to be merged: ").endsWith(disk + ", which runs"));
      VdiUuid clone = manager.vdiSnapshot(VdiSnapshot.of(disk));
      assertThat(waiting(manager, sr)).contains("stays: shared by 2 disks");
      manager.vdiDestroy(clone);
      manager.srGc(sr);
      assertThat(waiting(manager, sr)).isEmpty();
    }
  }

  private static List<String> waiting(StorageManager manager, SrUuid sr) throws Exception {
    return manager.tree(sr).nodes().stream().flatMap(node -> node.waits().stream()).toList();
  }

  @Test
  void runningDiskThatGrewIsCollectedToo() throws Exception {
    try (StorageManager manager = open()) {
      VdiUuid disk = prepare(manager);
      SrUuid sr = manager.vdi(disk).sr();
      manager.srGc(sr);
      manager.vdiDestroy(manager.vdiSnapshot(VdiSnapshot.of(disk)));
      manager.vdiResize(disk, SIZE + (4L << 20));
      manager.srGc(sr);
      assertThat(manager.srGcPlan(sr)).isEmpty();
      assertThat(manager.vdis(sr)).hasSize(1);
      try (NbdClient client = client(disk)) {
        assertThat(read(client)).isEqualTo(model);
        assertThat(client.sizeBytes()).isEqualTo(SIZE + (4L << 20));
      }
    }
  }

  @Test
  void closingWaitsForAMergeToBreakOff() throws Exception {
    CountDownLatch merging = new CountDownLatch(1);
    Semaphore goOn = new Semaphore(0);
    StorageManager manager = open();
    VdiUuid disk = prepare(manager);
    SrUuid sr = manager.vdi(disk).sr();
    faults.whenPassing(
        "vdi-coalesce.block",
        () -> {
          merging.countDown();
          goOn.acquireUninterruptibly();
        });
    Thread collection =
        Thread.ofPlatform()
            .start(() -> {
              try {
                manager.srGc(sr);
              } catch (StorageException | RuntimeException brokenOff) {
                // How a closed manager says so is not what is tested here.
                return;
              }
            });
    merging.await();
    Thread closing = Thread.ofPlatform().start(manager::close);
    closing.join(Duration.ofMillis(300));
    assertThat(closing.isAlive()).isTrue();
    goOn.release(1_000);
    closing.join();
    collection.join();
    faults.whenPassing("", () -> {});
    try (StorageManager again = open();
        NbdClient client = client(disk)) {
      assertThat(read(client)).isEqualTo(model);
      again.srGc(sr);
      assertThat(read(client)).isEqualTo(model);
    }
  }

  /// It would go on to write to the images, beside whoever opens them after the next plug.
  @Test
  void unpluggingWaitsForAMergeToBreakOff() throws Exception {
    CountDownLatch merging = new CountDownLatch(1);
    Semaphore goOn = new Semaphore(0);
    try (StorageManager manager = open()) {
      VdiUuid disk = prepare(manager);
      SrUuid sr = manager.vdi(disk).sr();
      manager.vdiDetach(disk, VdiAttach.HOST_DOMAIN);
      faults.whenPassing(
          "vdi-coalesce.block",
          () -> {
            merging.countDown();
            goOn.acquireUninterruptibly();
          });
      FutureTask<List<GcAction>> collection = new FutureTask<>(() -> manager.srGc(sr));
      Thread.ofPlatform().start(collection);
      merging.await();
      PbdUuid pbd = manager.pbds().getFirst().uuid();
      FutureTask<Boolean> unplugging =
          new FutureTask<>(() -> {
            manager.pbdUnplug(pbd);
            return true;
          });
      Thread.ofPlatform().start(unplugging);
      assertThatThrownBy(() -> unplugging.get(300, TimeUnit.MILLISECONDS))
          .isInstanceOf(TimeoutException.class);
      goOn.release(1_000);
      assertThat(unplugging.get()).isTrue();
      faults.whenPassing("", () -> {});
      manager.pbdPlug(pbd);
      attach(manager, disk);
      try (NbdClient client = client(disk)) {
        write(client, 500);
        assertThat(collection.get()).isEmpty();
        assertThat(read(client)).isEqualTo(model);
        manager.srGc(sr);
        assertThat(read(client)).isEqualTo(model);
      }
    }
  }

  /// How far a merge got is worth nothing once its disk was written to.
  @Test
  void mergeOfADiskThatIsWrittenAfterADeathTakesTheWritesToo() throws Exception {
    VdiUuid disk = dieWhileADetachedDiskIsMerged("vdi-coalesce.block");
    try (StorageManager manager = open()) {
      writeAttached(manager, disk);
      manager.srGc(manager.vdi(disk).sr());
      assertThat(manager.srGcPlan(manager.vdi(disk).sr())).isEmpty();
      assertThat(readAttached(manager, disk)).isEqualTo(model);
    }
  }

  /// What recovery could not end is not ended later, when its disk holds something else.
  @Test
  void mergeThatRecoveryCouldNotEndIsGivenUp() throws Exception {
    VdiUuid disk = dieWhileADetachedDiskIsMerged("vdi-coalesce.copied");
    driver.refuse(FolderDriver.REPLACING);
    try (StorageManager manager = open()) {
      driver.refuse(FolderDriver.NOTHING);
      SrUuid sr = manager.vdi(disk).sr();
      writeAttached(manager, disk);
      manager.srScan(sr);
      assertThat(readAttached(manager, disk)).isEqualTo(model);
      assertThat(manager.intents()).isEmpty();
      manager.srGc(sr);
      assertThat(manager.srGcPlan(sr)).isEmpty();
      assertThat(readAttached(manager, disk)).isEqualTo(model);
    }
  }

  /// From the n-th change of a name on, none succeeds while the disk's parent takes its name. What
  /// can't be taken back either stays recorded, and keeps writers off until a scan ended it.
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void mergeOfARunningLeafWhoseNamesCantChangeLosesNothing(int n) throws Exception {
    boolean takenBack = n == 0;
    try (StorageManager manager = open()) {
      VdiUuid disk = prepare(manager);
      SrUuid sr = manager.vdi(disk).sr();
      faults.whenPassing("vdi-absorb.copied", () -> driver.refuse(namesFrom(n)));
      assertInjected(() -> manager.srGc(sr));
      try (NbdClient client = client(disk)) {
        write(client, 20);
        client.flush();
        assertThat(read(client)).isEqualTo(model);
      }
      faults.whenPassing("", () -> {});
      driver.refuse(FolderDriver.NOTHING);
      assertThat(manager.intents()).hasSize(takenBack ? 0 : 1);
      manager.srScan(sr);
      assertThat(manager.intents()).hasSize(takenBack ? 0 : 1);
      manager.vdiDetach(disk, VdiAttach.HOST_DOMAIN);
      if (!takenBack) {
        Bench.refused(ErrorCode.VDI_UNAVAILABLE, () -> attach(manager, disk));
        manager.srScan(sr);
        assertThat(manager.intents()).isEmpty();
        assertThat(manager.vdis(sr)).hasSize(1);
      }
      writeAttached(manager, disk);
      manager.srGc(sr);
      assertThat(manager.srGcPlan(sr)).isEmpty();
      assertThat(manager.vdis(sr)).hasSize(1).allMatch(vdi -> vdi.problem().isEmpty());
      assertThat(readAttached(manager, disk)).isEqualTo(model);
    }
  }

  /// As above, and the daemon dies before a scan.
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void mergeOfARunningLeafThatIsHalfwayIsEndedByTheNextStart(int n) throws Exception {
    VdiUuid disk;
    try (StorageManager manager = open()) {
      disk = prepare(manager);
      SrUuid sr = manager.vdi(disk).sr();
      faults.whenPassing("vdi-absorb.copied", () -> driver.refuse(namesFrom(n)));
      assertInjected(() -> manager.srGc(sr));
      try (NbdClient client = client(disk)) {
        write(client, 20);
      }
      assertThat(manager.intents()).hasSize(1);
    }
    faults.whenPassing("", () -> {});
    driver.refuse(FolderDriver.NOTHING);
    try (StorageManager manager = open();
        NbdClient client = client(disk)) {
      assertThat(manager.intents()).isEmpty();
      assertThat(manager.vdis(manager.vdi(disk).sr())).hasSize(1);
      assertThat(read(client)).isEqualTo(model);
    }
  }

  private static void assertInjected(ThrowingCallable collection) {
    assertThatThrownBy(collection)
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("injected");
  }

  private static Refusal namesFrom(int n) {
    AtomicInteger changes = new AtomicInteger();
    return (call, _) ->
        (call.equals("replace") || call.equals("sync")) && changes.getAndIncrement() >= n;
  }

  /// A disk above a hidden node that holds more, so that all goes there.
  private VdiUuid dieWhileADetachedDiskIsMerged(String point) throws Exception {
    VdiUuid disk;
    try (StorageManager manager = open()) {
      disk = prepare(manager);
      VdiUuid snapshot = manager.vdiSnapshot(VdiSnapshot.of(disk));
      try (NbdClient client = client(disk)) {
        write(client, 20);
      }
      manager.vdiDetach(disk, VdiAttach.HOST_DOMAIN);
      manager.vdiDestroy(snapshot);
      faults.dieAt(point);
      manager.srGc(manager.vdi(disk).sr());
      assertThat(faults.passed()).contains(point);
    }
    faults.heal();
    return disk;
  }

  private void writeAttached(StorageManager manager, VdiUuid disk) throws Exception {
    attach(manager, disk);
    try (NbdClient client = client(disk)) {
      write(client, 50);
      client.flush();
    }
    manager.vdiDetach(disk, VdiAttach.HOST_DOMAIN);
  }

  private byte[] readAttached(StorageManager manager, VdiUuid disk) throws Exception {
    attach(manager, disk);
    try (NbdClient client = client(disk)) {
      return read(client);
    } finally {
      manager.vdiDetach(disk, VdiAttach.HOST_DOMAIN);
    }
  }

  private static void attach(StorageManager manager, VdiUuid disk) throws StorageException {
    manager.vdiAttach(new VdiAttach(disk, AccessMode.RW, VdiAttach.HOST_DOMAIN, Optional.empty()));
  }

  private void writeMore(NbdClient client) {
    try {
      write(client, 300);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "vdi-freeze.recorded",
        "vdi-freeze.prepared",
        "vdi-freeze.frozen",
        "vdi-coalesce.recorded",
        "vdi-coalesce.block",
        "vdi-coalesce.copied",
        "vdi-coalesce.finished",
        "vdi-absorb.recorded",
        "vdi-absorb.copied",
        "vdi-absorb.named",
        "vdi-absorb.committed",
        "vdi-absorb.described"
      })
  void deathAfterAStepOfACollectionLosesNothing(String point) throws Exception {
    SrUuid sr;
    VdiUuid disk;
    try (StorageManager manager = open()) {
      disk = prepare(manager);
      sr = manager.vdi(disk).sr();
      faults.forget();
      faults.dieAt(point);
      manager.srGc(sr);
      assertThat(faults.passed()).contains(point);
    }
    faults.heal();
    try (StorageManager manager = open()) {
      try (NbdClient client = client(disk)) {
        assertThat(read(client)).isEqualTo(model);
        write(client, 20);
        manager.srGc(sr);
        manager.srGc(sr);
        assertThat(read(client)).isEqualTo(model);
      }
      assertThat(manager.srGcPlan(sr)).isEmpty();
      assertThat(manager.intents()).isEmpty();
      assertThat(manager.vdis(sr)).hasSize(1);
    }
  }

  private VdiUuid onlyDisk = VdiUuid.random();

  /// A running disk over a chain of nodes whose snapshots were destroyed.
  private VdiUuid prepare(StorageManager manager) throws StorageException, IOException {
    SrUuid sr =
        manager.srCreate(
            new SrCreate(
                Optional.empty(),
                "folder",
                "sr",
                "",
                FolderDriver.at(folder.resolve("sr")),
                false,
                "user",
                Map.of()));
    VdiUuid disk = manager.vdiCreate(VdiCreate.of(sr, "disk", SIZE));
    onlyDisk = disk;
    attach(manager, disk);
    List<VdiUuid> snapshots = new ArrayList<>();
    try (NbdClient client = client(disk)) {
      for (int i = 0; i < 4; i++) {
        write(client, 300);
        snapshots.add(manager.vdiSnapshot(VdiSnapshot.of(disk)));
      }
      write(client, 1500);
      client.flush();
    }
    for (VdiUuid snapshot : snapshots) {
      manager.vdiDestroy(snapshot);
    }
    return disk;
  }

  private NbdClient client(VdiUuid disk) throws IOException {
    return FolderBench.client(folder, disk);
  }

  private void write(NbdClient client, int count) throws IOException {
    for (int i = 0; i < count; i++) {
      int offset = random.nextInt(SIZE / SECTOR) * SECTOR;
      byte[] bytes = new byte[SECTOR];
      random.nextBytes(bytes);
      client.write(offset, ByteBuffer.wrap(bytes));
      System.arraycopy(bytes, 0, model, offset, SECTOR);
    }
  }

  private static byte[] read(NbdClient client) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(SIZE);
    client.read(0, bytes);
    return bytes.array();
  }

  private StorageManager open() throws StorageException {
    return FolderBench.open(folder, driver, faults);
  }
}
