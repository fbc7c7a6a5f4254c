// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.BlockDevice;
import io.strata.block.DeviceComparison;
import io.strata.block.SparseCopy;
import io.strata.catalog.IntentRecord;
import io.strata.catalog.VdiRecord;
import io.strata.simulator.StepsDriver;
import io.strata.spi.AccessMode;
import io.strata.spi.DeviceConfig;
import io.strata.spi.ErrorCode;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiPredicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Copies between SRs of real files, which break off and go on.
class CopiesTest {
  private static final long MIB = 1L << 20;

  /// More than two checkpoints' worth, a hole, and a piece at the end.
  private static final long SIZE = 300 * MIB;

  private static final long DATA = 150 * MIB;

  @TempDir Path folder;

  private final FolderDriver driver = new FolderDriver();
  private final Faults failpoints = new Faults();
  private StorageManager manager;
  private SrUuid from;
  private SrUuid to;
  private VdiUuid source;

  @BeforeEach
  void open() throws Exception {
    manager = start();
    from = manager.srCreate(SrCreate.of("folder", "from", FolderDriver.at(folder.resolve("from"))));
    to = manager.srCreate(SrCreate.of("folder", "to", FolderDriver.at(folder.resolve("to"))));
    source = manager.vdiCreate(VdiCreate.of(from, "source", SIZE));
    fill(source);
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private StorageManager start() throws StorageException {
    return StorageManager.open(
        new ManagerConfig(
            folder.resolve("home"),
            List.of(driver, new StepsDriver()),
            Clock.systemUTC(),
            "testhost",
            Duration.ofSeconds(5),
            Duration.ofSeconds(5),
            failpoints,
            false,
            Duration.ofSeconds(5),
            Schedule.SYSTEM));
  }

  private void restart() throws StorageException {
    manager.close();
    manager = start();
  }

  private void fill(VdiUuid vdi) throws IOException, StorageException {
    byte[] data = new byte[(int) MIB];
    new Random(7).nextBytes(data);
    try (BlockDevice disk = driver.attachedTo(from).open(vdi, AccessMode.RW)) {
      for (long at = 0; at < DATA; at += MIB) {
        disk.write(at, ByteBuffer.wrap(data));
      }
      disk.write(SIZE - MIB, ByteBuffer.wrap(data));
      disk.flush();
    }
  }

  private VdiCopy request(ProgressListener progress) {
    return request(progress, true);
  }

  private VdiCopy request(ProgressListener progress, boolean verify) {
    return new VdiCopy(
        source,
        Optional.of(to),
        Optional.empty(),
        Optional.empty(),
        Optional.of("copy"),
        verify,
        progress);
  }

  private void assertCopied(VdiUuid copy) throws Exception {
    try (BlockDevice one = driver.attachedTo(from).open(source, AccessMode.RO);
        BlockDevice other = driver.attachedTo(to).open(copy, AccessMode.RO)) {
      assertThat(DeviceComparison.firstDifference(one, other, SparseCopy.Listener.NONE)).isEmpty();
    }
    assertThat(manager.intents()).isEmpty();
    assertThat(manager.vdi(copy).nameLabel()).isEqualTo("copy");
    assertThat(manager.vdi(copy).physicalUtilisationBytes()).isLessThan(DATA + 10 * MIB);
    assertThat(manager.vdi(copy).contentId()).isEqualTo(manager.vdi(source).knownContent());
  }

  private List<VdiUuid> copies() throws StorageException {
    return manager.vdis(to).stream().map(vdi -> vdi.uuid()).toList();
  }

  private void awaitCopies() throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!manager.intents().isEmpty() && System.nanoTime() < end) {
      Thread.sleep(20);
    }
  }

  private long copiedBytes() throws StorageException {
    List<IntentRecord> left = manager.intents();
    assertThat(left).hasSize(1);
    return CopyIntent.copiedBytes(left.getFirst());
  }

  @ParameterizedTest
  @ValueSource(strings = {"recorded", "created", "copied"})
  void copyThatTheDaemonsDeathInterruptsGoesOnAtTheNextStart(String step) throws Exception {
    failpoints.dieAt("vdi-copy." + step);
    assertThatThrownBy(() -> manager.vdiCopy(request(ProgressListener.NONE)))
        .isInstanceOf(Faults.Death.class);
    assertThat(copiedBytes()).isEqualTo(step.equals("copied") ? 64 * MIB : 0);
    restart();
    awaitCopies();
    assertThat(copies()).hasSize(1);
    assertCopied(copies().getFirst());
  }

  @Test
  void sameRequestGoesOnAfterADefectAndBeginsWhereItWas() throws Exception {
    ProgressListener failing =
        (done, total) -> {
          if (done > 100 * MIB) {
            throw new UncheckedIOException(new IOException("the listener breaks off"));
          }
        };
    Bench.refused(ErrorCode.GENERIC_EXCEPTION, () -> manager.vdiCopy(request(failing)));
    assertThat(copiedBytes()).isEqualTo(64 * MIB);
    AtomicLong least = new AtomicLong(Long.MAX_VALUE);
    VdiUuid copy =
        manager.vdiCopy(
            request((done, total) -> {
              if (total == SIZE && least.get() == Long.MAX_VALUE) {
                least.set(done);
              }
            }));
    assertThat(least.get()).isGreaterThan(64 * MIB);
    assertCopied(copy);
    assertThat(copies()).hasSize(1);
  }

  @Test
  void copyOfADiskThatWasWrittenSinceBeginsAnew() throws Exception {
    failpoints.dieAt("vdi-copy.copied");
    assertThatThrownBy(() -> manager.vdiCopy(request(ProgressListener.NONE)))
        .isInstanceOf(Faults.Death.class);
    Bench.refused(ErrorCode.BAD_REQUEST, () -> manager.taskCancel(UUID.randomUUID()));
    manager.vdiAttach(VdiAttach.of(source, AccessMode.RW));
    manager.vdiDetach(source, VdiAttach.HOST_DOMAIN);
    try (BlockDevice disk = driver.attachedTo(from).open(source, AccessMode.RW)) {
      disk.write(0, ByteBuffer.wrap(new byte[] {1, 2, 3}));
      disk.flush();
    }
    VdiUuid copy = manager.vdiCopy(request(ProgressListener.NONE));
    assertThat(copies()).containsExactly(copy);
    assertCopied(copy);
  }

  @Test
  void copyWhoseHalfIsGoneBeginsAnew() throws Exception {
    failpoints.dieAt("vdi-copy.copied");
    assertThatThrownBy(() -> manager.vdiCopy(request(ProgressListener.NONE)))
        .isInstanceOf(Faults.Death.class);
    driver.attachedTo(to).delete(driver.attachedTo(to).scan().getFirst().uuid());
    VdiUuid copy = manager.vdiCopy(request(ProgressListener.NONE));
    assertThat(copies()).containsExactly(copy);
    assertCopied(copy);
  }

  @Test
  void interruptedCopyCanBeGivenUp() throws Exception {
    failpoints.dieAt("vdi-copy.copied");
    assertThatThrownBy(() -> manager.vdiCopy(request(ProgressListener.NONE)))
        .isInstanceOf(Faults.Death.class);
    manager.srScan(to);
    assertThat(copies()).isEmpty();
    VdiUuid half = driver.attachedTo(to).scan().getFirst().uuid();
    Bench.refused(
        ErrorCode.VDI_IN_USE,
        () ->
            manager.vdiIntroduce(
                new VdiIntroduce(
                    half, to, "user", half.toString(), "half", "", false, false, Map.of())));
    manager.taskCancel(manager.intents().getFirst().id());
    assertThat(manager.intents()).isEmpty();
    assertThat(driver.attachedTo(to).scan()).isEmpty();
  }

  @Test
  void runningCopyCanBeGivenUp() throws Exception {
    CountDownLatch halfWay = new CountDownLatch(1);
    AtomicReference<StorageException> failure = new AtomicReference<>();
    Thread copying = copyAlongside(slow(halfWay, (done, _) -> done > 100 * MIB), failure);
    halfWay.await();
    manager.taskCancel(manager.intents().getFirst().id());
    copying.join();
    assertThat(failure.get().code()).isEqualTo(ErrorCode.TRY_AGAIN);
    assertThat(failure.get()).hasMessageContaining("was cancelled");
    assertThat(failure.get().what()).doesNotContain("kept");
    assertThat(failure.get().remedy()).doesNotContain("task-cancel");
    assertThat(manager.intents()).isEmpty();
    assertThat(driver.attachedTo(to).scan()).isEmpty();
    assertCopied(manager.vdiCopy(request(ProgressListener.NONE)));
  }

  @Test
  void stoppingDoesNotWaitForACopyToBeReadBack() throws Exception {
    CountDownLatch readingBack = new CountDownLatch(1);
    AtomicReference<StorageException> failure = new AtomicReference<>();
    AtomicLong most = new AtomicLong();
    Thread copying =
        copyAlongside(
            slow(readingBack, (done, total) -> most.getAndAccumulate(done, Math::max) == total),
            failure);
    readingBack.await();
    restart();
    copying.join();
    assertThat(failure.get()).hasMessageContaining("the daemon stops");
    awaitCopies();
    assertThat(copies()).hasSize(1);
    assertCopied(copies().getFirst());
  }

  @Test
  void aCopyThatWasNotToBeReadBackIsWhereTheNextRequestSaysSo() throws Exception {
    failpoints.dieAt("vdi-copy.copied");
    assertThatThrownBy(() -> manager.vdiCopy(request(ProgressListener.NONE, false)))
        .isInstanceOf(Faults.Death.class);
    AtomicLong ends = new AtomicLong();
    VdiUuid copy =
        manager.vdiCopy(
            request((done, total) -> {
              if (done == total) {
                ends.incrementAndGet();
              }
            }));
    assertThat(ends.get()).as("one end of the copy, one of reading it back").isGreaterThan(1);
    assertCopied(copy);
  }

  @Test
  void twoSourcesAreNotCopiedToOneTargetAtOnce() throws Exception {
    VdiUuid other = manager.vdiCreate(VdiCreate.of(from, "other", SIZE));
    VdiUuid target = manager.vdiCreate(VdiCreate.of(to, "copy", SIZE));
    CountDownLatch halfWay = new CountDownLatch(1);
    AtomicReference<StorageException> failure = new AtomicReference<>();
    Thread copying =
        alongside(
            () ->
                manager.vdiCopy(over(source, target, slow(halfWay, (done, _) -> done > 100 * MIB))),
            failure);
    halfWay.await();
    Bench.refused(
        ErrorCode.VDI_IN_USE, () -> manager.vdiCopy(over(other, target, ProgressListener.NONE)));
    copying.join();
    assertThat(failure.get()).isNull();
    assertCopied(target);
  }

  private static VdiCopy over(VdiUuid source, VdiUuid target, ProgressListener progress) {
    return new VdiCopy(
        source,
        Optional.empty(),
        Optional.of(target),
        Optional.empty(),
        Optional.empty(),
        false,
        progress);
  }

  private Thread copyAlongside(
      ProgressListener progress, AtomicReference<StorageException> failure) {
    return alongside(() -> manager.vdiCopy(request(progress)), failure);
  }

  private static Thread alongside(
      Callable<VdiUuid> copy, AtomicReference<StorageException> failure) {
    return Thread.ofPlatform()
        .start(() -> {
          try {
            copy.call();
          } catch (StorageException e) {
            failure.set(e);
          } catch (Exception e) {
            throw new AssertionError(e);
          }
        });
  }

  /// From a point on each piece takes long enough for what a test does meanwhile.
  private static ProgressListener slow(CountDownLatch reached, BiPredicate<Long, Long> from) {
    return (done, total) -> {
      if (reached.getCount() == 0 || from.test(done, total)) {
        reached.countDown();
        LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
      }
    };
  }

  /// The target has room for a part only: what was copied is kept, and goes on once there is room.
  @Test
  void copyThatRunsOutOfSpaceSaysHowToGoOnAndDoes() throws Exception {
    Path place = Files.createDirectory(folder.resolve("steps"));
    DeviceConfig small =
        new DeviceConfig(Map.of("location", place.toString(), "size", Long.toString(200 * MIB)));
    to = manager.srCreate(SrCreate.of("sim-steps", "small", small));
    VdiUuid filler = manager.vdiCreate(VdiCreate.of(to, "filler", 60 * MIB));
    manager.vdiImport(
        new VdiImport(
            Optional.of(filler),
            Optional.empty(),
            ImageFormat.RAW,
            new ByteArrayInputStream(randomBytes(50 * MIB)),
            ProgressListener.NONE));
    VdiCopy request = request(ProgressListener.NONE);
    assertThatThrownBy(() -> manager.vdiCopy(request))
        .isInstanceOfSatisfying(
            StorageException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.SR_NO_SPACE);
              assertThat(e.what()).contains(64 * MIB + " of " + SIZE + " bytes are copied");
              assertThat(e.remedy()).contains("same request again").contains("task-cancel uuid=");
            });
    assertThat(copiedBytes()).isEqualTo(64 * MIB);
    assertThat(copies()).containsExactly(filler);
    manager.vdiDestroy(filler);
    VdiUuid copy = manager.vdiCopy(request);
    assertThat(copies()).containsExactly(copy);
    assertThat(Arrays.equals(exported(source), exported(copy))).isTrue();
  }

  /// A copy in the background lets go of its disks a moment after its intent is gone.
  private byte[] exported(VdiUuid vdi) throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (true) {
      ByteArrayOutputStream image = new ByteArrayOutputStream();
      try {
        manager.vdiExport(new VdiExport(vdi, ImageFormat.RAW, image, ProgressListener.NONE));
        return image.toByteArray();
      } catch (StorageException e) {
        if (e.code() != ErrorCode.VDI_IN_USE || System.nanoTime() > end) {
          throw e;
        }
        Thread.sleep(5);
      }
    }
  }

  private static byte[] randomBytes(long length) {
    byte[] bytes = new byte[(int) length];
    new Random(8).nextBytes(bytes);
    return bytes;
  }

  @Test
  void onlyWhatDiffersFromTheBaseIsCopied() throws Exception {
    VdiUuid first = manager.vdiSnapshot(VdiSnapshot.of(source));
    VdiUuid target =
        manager.vdiCopy(
            new VdiCopy(
                first, Optional.of(to), Optional.empty(), Optional.of("copy"), (d, t) -> {}));
    try (BlockDevice disk = driver.attachedTo(from).open(source, AccessMode.RW)) {
      disk.write(5 * MIB, ByteBuffer.wrap(new byte[] {1, 2, 3}));
      disk.writeZeroes(
          8 * MIB, MIB, BlockDevice.Zeroing.MAY_DEALLOCATE, BlockDevice.Durability.WRITE_BACK);
      disk.flush();
    }
    VdiUuid second = manager.vdiSnapshot(VdiSnapshot.of(source));
    VdiCopy delta =
        new VdiCopy(
            second,
            Optional.empty(),
            Optional.of(target),
            Optional.of(first),
            Optional.empty(),
            true,
            ProgressListener.NONE);
    assertThat(manager.vdiCopy(delta)).isEqualTo(target);
    assertThat(manager.vdi(target).contentId()).contains(second.toString());
    source = second;
    assertCopied(target);
    Bench.refused(ErrorCode.VDI_TYPE, () -> manager.vdiCopy(delta));
  }

  /// What differs from another base than the target holds says nothing of what the target lacks.
  @Test
  void copyUponABaseThatWasRevertedSinceDoesNotGoOn() throws Exception {
    VdiUuid before = manager.vdiSnapshot(VdiSnapshot.of(source));
    write(source, 200 * MIB, new byte[] {1, 2, 3});
    VdiUuid target = manager.vdiCopy(request(ProgressListener.NONE));
    VdiUuid base = source;
    VdiUuid other = manager.vdiClone(VdiClone.of(before));
    for (long at = 0; at < DATA; at += MIB) {
      write(other, at, randomBytes(MIB));
    }
    VdiCopy delta =
        new VdiCopy(
            other,
            Optional.empty(),
            Optional.of(target),
            Optional.of(base),
            Optional.empty(),
            false,
            ProgressListener.NONE);
    failpoints.dieAt("vdi-copy.copied");
    assertThatThrownBy(() -> manager.vdiCopy(delta)).isInstanceOf(Faults.Death.class);
    manager.vdiRevert(before);
    restart();
    awaitCopies();
    assertThat(manager.intents()).isEmpty();
    assertThat(manager.vdi(target).contentId()).isNotEqualTo(manager.vdi(other).contentId());
    Bench.refused(ErrorCode.VDI_TYPE, () -> manager.vdiCopy(delta));
    manager.vdiCopy(over(other, target, ProgressListener.NONE));
    source = other;
    assertCopied(target);
  }

  @Test
  void baseOfARunningCopyIsInUse() throws Exception {
    VdiUuid first = manager.vdiSnapshot(VdiSnapshot.of(source));
    VdiUuid target = manager.vdiCopy(request(ProgressListener.NONE));
    VdiUuid base = source;
    source = manager.vdiClone(VdiClone.of(first));
    for (long at = 0; at < 40 * MIB; at += MIB) {
      write(source, at, randomBytes(MIB));
    }
    CountDownLatch halfWay = new CountDownLatch(1);
    AtomicReference<StorageException> failure = new AtomicReference<>();
    VdiCopy delta =
        new VdiCopy(
            source,
            Optional.empty(),
            Optional.of(target),
            Optional.of(base),
            Optional.empty(),
            false,
            slow(halfWay, (done, _) -> done > 10 * MIB));
    Thread copying = alongside(() -> manager.vdiCopy(delta), failure);
    halfWay.await();
    Bench.refused(ErrorCode.VDI_IN_USE, () -> manager.vdiAttach(VdiAttach.of(base, AccessMode.RW)));
    copying.join();
    assertThat(failure.get()).isNull();
    assertCopied(target);
  }

  /// Between what a request is taken to mean and the claims somebody has the target.
  @Test
  void targetThatWasWrittenBeforeItWasClaimedIsNotWrittenOver() throws Exception {
    VdiUuid first = manager.vdiSnapshot(VdiSnapshot.of(source));
    VdiUuid target = manager.vdiCopy(request(ProgressListener.NONE));
    VdiUuid base = source;
    source = manager.vdiClone(VdiClone.of(first));
    write(source, 0, randomBytes(MIB));
    VdiCopy delta =
        new VdiCopy(
            source,
            Optional.empty(),
            Optional.of(target),
            Optional.of(base),
            Optional.empty(),
            false,
            ProgressListener.NONE);
    AtomicReference<StorageException> failure = new AtomicReference<>();
    AtomicReference<Thread> copying = new AtomicReference<>();
    failpoints.whenPassing(
        "vdi-create.created",
        () -> {
          // The source's SR is locked now.
          Thread waiting = alongside(() -> manager.vdiCopy(delta), failure);
          copying.set(waiting);
          while (waiting.getState() != Thread.State.TIMED_WAITING) {
            LockSupport.parkNanos(Duration.ofMillis(1).toNanos());
          }
          useForWriting(target);
        });
    manager.vdiCreate(VdiCreate.of(from, "other", MIB));
    copying.get().join();
    assertThat(failure.get().code()).isEqualTo(ErrorCode.VDI_IN_USE);
    assertThat(manager.vdi(target).contentId()).isEmpty();
    assertThat(manager.intents()).isEmpty();
    Bench.refused(ErrorCode.VDI_TYPE, () -> manager.vdiCopy(delta));
  }

  private void useForWriting(VdiUuid vdi) {
    try {
      manager.vdiAttach(VdiAttach.of(vdi, AccessMode.RW));
      manager.vdiDetach(vdi, VdiAttach.HOST_DOMAIN);
    } catch (StorageException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void copyOfADiskThatGrewSinceBeginsAnew() throws Exception {
    failpoints.dieAt("vdi-copy.copied");
    assertThatThrownBy(() -> manager.vdiCopy(request(ProgressListener.NONE)))
        .isInstanceOf(Faults.Death.class);
    grow();
    VdiUuid copy = manager.vdiCopy(request(ProgressListener.NONE));
    assertThat(copies()).containsExactly(copy);
    assertThat(manager.vdi(copy).virtualSizeBytes()).isEqualTo(SIZE + 4 * MIB);
    assertCopied(copy);
  }

  @Test
  void moveOfADiskThatGrewSinceDoesNotGoOn() throws Exception {
    failpoints.dieAt("vdi-copy.copied");
    assertThatThrownBy(() -> manager.vdiMove(source, to, ProgressListener.NONE))
        .isInstanceOf(Faults.Death.class);
    grow();
    byte[] content = contentToMove();
    restart();
    awaitCopies();
    assertThat(manager.vdis(from)).hasSize(1);
    assertThat(copies()).isEmpty();
    manager.vdiMove(source, to, ProgressListener.NONE);
    assertMoved(content);
  }

  private void grow() throws Exception {
    manager.vdiResize(source, SIZE + 4 * MIB);
    write(source, SIZE + MIB, randomBytes(MIB));
  }

  private void assertMoved(byte[] content) throws Exception {
    assertThat(manager.intents()).isEmpty();
    assertThat(manager.vdis(from)).isEmpty();
    assertThat(driver.attachedTo(from).scan()).isEmpty();
    assertThat(copies()).hasSize(1);
    VdiRecord moved = manager.vdi(copies().getFirst());
    assertThat(moved.nameLabel()).isEqualTo("source");
    assertThat(moved.tags()).containsExactly("gold");
    assertThat(Arrays.equals(exported(moved.uuid()), content)).isTrue();
  }

  private byte[] contentToMove() throws Exception {
    manager.vdiSetTags(source, Set.of("gold"));
    return exported(source);
  }

  @Test
  void movedDiskIsOnlyInTheOtherSr() throws Exception {
    byte[] content = contentToMove();
    VdiUuid moved = manager.vdiMove(source, to, ProgressListener.NONE);
    assertThat(copies()).containsExactly(moved);
    assertMoved(content);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "vdi-copy.recorded",
        "vdi-copy.created",
        "vdi-copy.copied",
        "vdi-copy.committed",
        "vdi-copy.described",
        "vdi-destroy.recorded",
        "vdi-destroy.deleted",
        "vdi-destroy.committed"
      })
  void moveThatTheDaemonsDeathInterruptsIsEndedByTheNextStart(String step) throws Exception {
    byte[] content = contentToMove();
    failpoints.dieAt(step);
    assertThatThrownBy(() -> manager.vdiMove(source, to, ProgressListener.NONE))
        .isInstanceOf(Faults.Death.class);
    restart();
    awaitCopies();
    assertMoved(content);
  }

  @Test
  void moveThatIsGivenUpLeavesTheDiskWhereItWas() throws Exception {
    byte[] content = contentToMove();
    failpoints.dieAt("vdi-copy.copied");
    assertThatThrownBy(() -> manager.vdiMove(source, to, ProgressListener.NONE))
        .isInstanceOf(Faults.Death.class);
    manager.taskCancel(manager.intents().getFirst().id());
    assertThat(driver.attachedTo(to).scan()).isEmpty();
    assertThat(manager.vdis(from)).hasSize(1);
    manager.vdiMove(source, to, ProgressListener.NONE);
    assertMoved(content);
  }

  @Test
  void diskInUseAndSnapshotsAreNotMoved() throws Exception {
    VdiUuid snapshot = manager.vdiSnapshot(VdiSnapshot.of(source));
    Bench.refused(
        ErrorCode.VDI_SNAPSHOT, () -> manager.vdiMove(snapshot, to, ProgressListener.NONE));
    Bench.refused(
        ErrorCode.BAD_REQUEST, () -> manager.vdiMove(source, from, ProgressListener.NONE));
    manager.vdiAttach(VdiAttach.of(source, AccessMode.RO));
    Bench.refused(ErrorCode.VDI_IN_USE, () -> manager.vdiMove(source, to, ProgressListener.NONE));
    assertThat(copies()).isEmpty();
  }

  private void write(VdiUuid vdi, long at, byte[] bytes) throws IOException, StorageException {
    try (BlockDevice disk = driver.attachedTo(from).open(vdi, AccessMode.RW)) {
      disk.write(at, ByteBuffer.wrap(bytes));
      disk.flush();
    }
  }
}
