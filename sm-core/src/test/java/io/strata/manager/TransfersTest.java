// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.FileContainer;
import io.strata.spi.AccessMode;
import io.strata.spi.ErrorCode;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TransfersTest {
  @TempDir Path home;
  private Bench bench;
  private SrUuid sr;

  @BeforeEach
  void open() throws StorageException {
    bench = new Bench(home);
    sr = bench.sr("a");
  }

  @AfterEach
  void close() {
    bench.close();
  }

  /// Data, a hole, data, up to an odd end.
  private static byte[] image() {
    byte[] bytes = new byte[3 * (1 << 20) + 777];
    Random random = new Random(42);
    byte[] data = new byte[100_000];
    random.nextBytes(data);
    System.arraycopy(data, 0, bytes, 0, data.length);
    System.arraycopy(data, 0, bytes, bytes.length - data.length, data.length);
    return bytes;
  }

  private VdiUuid importRaw(InputStream image, long sizeBytes) throws StorageException {
    return bench.manager.vdiImport(
        new VdiImport(
            Optional.empty(),
            Optional.of(VdiCreate.of(sr, "imported", sizeBytes)),
            ImageFormat.RAW,
            image,
            ProgressListener.NONE));
  }

  private byte[] export(VdiUuid vdi, ImageFormat format) throws StorageException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    bench.manager.vdiExport(new VdiExport(vdi, format, out, ProgressListener.NONE));
    return out.toByteArray();
  }

  private static byte[] padded(byte[] image, long sizeBytes) {
    return Arrays.copyOf(image, (int) sizeBytes);
  }

  @Test
  void rawImageComesBackAsItWentIn() throws Exception {
    byte[] image = image();
    VdiUuid vdi = importRaw(new ByteArrayInputStream(image), image.length);
    assertThat(export(vdi, ImageFormat.RAW)).isEqualTo(padded(image, 4 * Bench.MIB));
    assertThat(bench.manager.vdi(vdi).physicalUtilisationBytes()).isLessThan(Bench.MIB);
  }

  @Test
  void vhdImageComesBackAsItWentInAndSaysItsSize() throws Exception {
    byte[] image = image();
    VdiUuid vdi = importRaw(new ByteArrayInputStream(image), image.length);
    byte[] vhd = export(vdi, ImageFormat.VHD);
    assertThat(new String(vhd, 0, 8, java.nio.charset.StandardCharsets.US_ASCII))
        .isEqualTo("conectix");
    VdiUuid again =
        bench.manager.vdiImport(
            new VdiImport(
                Optional.empty(),
                Optional.of(VdiCreate.of(sr, "again", 0)),
                ImageFormat.VHD,
                new ByteArrayInputStream(vhd),
                ProgressListener.NONE));
    assertThat(export(again, ImageFormat.RAW)).isEqualTo(padded(image, 4 * Bench.MIB));
    assertThat(home.resolve("spool")).isEmptyDirectory();
  }

  @Test
  void importIntoAnExistingDiskReplacesAllOfIt() throws Exception {
    byte[] full = new byte[(int) (4 * Bench.MIB)];
    Arrays.fill(full, (byte) 7);
    VdiUuid vdi = importRaw(new ByteArrayInputStream(full), full.length);
    byte[] image = image();
    bench.manager.vdiImport(
        new VdiImport(
            Optional.of(vdi),
            Optional.empty(),
            ImageFormat.RAW,
            new ByteArrayInputStream(image),
            ProgressListener.NONE));
    assertThat(export(vdi, ImageFormat.RAW)).isEqualTo(padded(image, 4 * Bench.MIB));
  }

  @Test
  void imageThatIsTooLongLeavesNoDisk() throws Exception {
    Bench.refused(
        ErrorCode.VDI_SIZE,
        () -> importRaw(new ByteArrayInputStream(new byte[(int) (2 * Bench.MIB) + 1]), 1));
    assertNothingLeft();
  }

  @Test
  void streamThatBreaksOffLeavesNoDisk() throws Exception {
    InputStream broken =
        new InputStream() {
          private int left = 2_000_000;

          @Override
          public int read() throws IOException {
            byte[] one = new byte[1];
            read(one, 0, 1);
            return one[0];
          }

          @Override
          public int read(byte[] target, int offset, int length) throws IOException {
            if (left == 0) {
              throw new IOException("connection reset");
            }
            int count = Math.min(length, left);
            Arrays.fill(target, offset, offset + count, (byte) 1);
            left -= count;
            return count;
          }
        };
    Bench.refused(ErrorCode.IO_ERROR, () -> importRaw(broken, 4 * Bench.MIB));
    assertNothingLeft();
  }

  @Test
  void damagedVhdLeavesNoDisk() throws Exception {
    Bench.refused(
        ErrorCode.VDI_LOAD,
        () ->
            bench.manager.vdiImport(
                new VdiImport(
                    Optional.empty(),
                    Optional.of(VdiCreate.of(sr, "bad", 0)),
                    ImageFormat.VHD,
                    new ByteArrayInputStream(new byte[4096]),
                    ProgressListener.NONE)));
    assertNothingLeft();
  }

  @Test
  void exportWithoutRoomSaysWhereSpaceIsToBeFreed() throws Exception {
    VdiUuid vdi = importRaw(new ByteArrayInputStream(image()), image().length);
    OutputStream full =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("No space left on device");
          }
        };
    for (ImageFormat format : ImageFormat.values()) {
      assertThatThrownBy(() ->
              bench.manager.vdiExport(new VdiExport(vdi, format, full, ProgressListener.NONE)))
          .isInstanceOfSatisfying(
              StorageException.class,
              e -> {
                assertThat(e.code()).isEqualTo(ErrorCode.IO_ERROR);
                assertThat(e.remedy()).contains("where the image goes to").doesNotContain("SR");
              });
    }
  }

  @Test
  void imageOnItsWayTakesNoSpaceForZeroes() throws Exception {
    byte[] image = new byte[40 << 20];
    image[5 << 20] = 1;
    Path file = home.resolve("image");
    SpoolFile.receive(new ByteArrayInputStream(image), file);
    assertThat(Files.readAllBytes(file)).isEqualTo(image);
    try (FileContainer container = FileContainer.openReadOnly(file)) {
      assertThat(container.physicalBytes()).isLessThan(1 << 20);
    }
  }

  private void assertNothingLeft() throws StorageException {
    assertThat(bench.manager.vdis()).isEmpty();
    assertThat(bench.manager.intents()).isEmpty();
    assertThat(bench.storage.place("a").nodes).isEmpty();
    assertThat(home.resolve("spool")).isEmptyDirectory();
  }

  @Test
  void copyGoesToAnotherSrSparse() throws Exception {
    SrUuid other = bench.sr("b");
    byte[] image = image();
    VdiUuid vdi = importRaw(new ByteArrayInputStream(image), image.length);
    AtomicLong last = new AtomicLong();
    VdiUuid copy =
        bench.manager.vdiCopy(
            new VdiCopy(
                vdi,
                Optional.of(other),
                Optional.empty(),
                Optional.empty(),
                (done, total) -> last.set(done)));
    assertThat(last.get()).isEqualTo(4 * Bench.MIB);
    assertThat(export(copy, ImageFormat.RAW)).isEqualTo(padded(image, 4 * Bench.MIB));
    assertThat(bench.manager.vdi(copy).sr()).isEqualTo(other);
    assertThat(bench.manager.vdi(copy).physicalUtilisationBytes()).isLessThan(Bench.MIB);
  }

  @Test
  void copyIntoADiskThatIsTooSmallIsRefused() throws Exception {
    VdiUuid large = bench.vdi(sr, "large");
    VdiUuid small = bench.manager.vdiCreate(VdiCreate.of(sr, "small", 1));
    Bench.refused(
        ErrorCode.VDI_SIZE,
        () ->
            bench.manager.vdiCopy(
                new VdiCopy(
                    large,
                    Optional.empty(),
                    Optional.of(small),
                    Optional.empty(),
                    ProgressListener.NONE)));
  }

  @Test
  void twoImagesOfADiskNameTwoContentsAndThoseOfASnapshotOne() throws Exception {
    VdiUuid disk = bench.vdi(sr, "disk");
    assertThat(importedContent(disk)).isNotEqualTo(importedContent(disk));
    VdiUuid snapshot = bench.manager.vdiSnapshot(VdiSnapshot.of(disk));
    assertThat(importedContent(snapshot)).contains(snapshot.toString());
  }

  private Optional<String> importedContent(VdiUuid vdi) throws StorageException {
    VdiUuid imported =
        bench.manager.vdiImport(
            new VdiImport(
                Optional.empty(),
                Optional.of(VdiCreate.of(sr, "imported", 0)),
                ImageFormat.VHD,
                new ByteArrayInputStream(export(vdi, ImageFormat.VHD)),
                ProgressListener.NONE));
    return bench.manager.vdi(imported).contentId();
  }

  /// It holds a part of one disk and a part of another, under a name of its own.
  @Test
  void diskThatACopyHasNotEndedOnIsNotRead() throws Exception {
    SrUuid other = bench.sr("b");
    VdiUuid source = bench.vdi(sr, "source");
    VdiUuid target = bench.vdi(sr, "target");
    bench.faults.dieAt("vdi-copy.copied");
    assertThatThrownBy(() -> bench.manager.vdiCopy(copy(source, Optional.empty(), target)))
        .isInstanceOf(Faults.Death.class);
    UUID task = bench.manager.intents().getFirst().id();
    List<ThrowingCallable> readers =
        List.of(
            () -> export(target, ImageFormat.RAW),
            () -> bench.manager.vdiClone(VdiClone.of(target)),
            () -> bench.manager.vdiSnapshot(VdiSnapshot.of(target)),
            () -> bench.manager.vdiCopy(copy(target, Optional.of(other), target)),
            () -> bench.manager.vdiMove(target, other, ProgressListener.NONE));
    for (ThrowingCallable reader : readers) {
      assertThatThrownBy(reader)
          .isInstanceOfSatisfying(
              StorageException.class,
              e -> {
                assertThat(e.code()).isEqualTo(ErrorCode.VDI_UNAVAILABLE);
                assertThat(e.remedy()).contains("task-cancel uuid=" + task);
              });
    }
    bench.manager.taskCancel(task);
    for (ThrowingCallable reader : readers) {
      assertThatCode(reader).doesNotThrowAnyException();
    }
  }

  private static VdiCopy copy(VdiUuid source, Optional<SrUuid> sr, VdiUuid into) {
    return new VdiCopy(
        source,
        sr,
        sr.isPresent() ? Optional.empty() : Optional.of(into),
        Optional.empty(),
        ProgressListener.NONE);
  }

  /// While bytes flow the disks concerned answer at once that they are in use, and others work.
  @Test
  void diskUnderTransferIsInUseAndOthersAreNot() throws Exception {
    VdiUuid source = bench.vdi(sr, "source");
    bench.write(source, "a", "data");
    AtomicLong calls = new AtomicLong();
    bench.manager.vdiCopy(
        new VdiCopy(
            source,
            Optional.of(sr),
            Optional.empty(),
            Optional.empty(),
            (done, total) -> {
              if (calls.getAndIncrement() == 0) {
                whileCopying(source);
              }
            }));
    assertThat(calls.get()).isPositive();
    bench.manager.vdiDestroy(source);
  }

  private void whileCopying(VdiUuid source) {
    Thread other =
        Thread.ofPlatform()
            .start(() -> {
              Bench.refused(ErrorCode.VDI_IN_USE, () -> bench.manager.vdiDestroy(source));
              Bench.refused(ErrorCode.VDI_IN_USE, () -> bench.attach(source, AccessMode.RW));
              assertThatCode(
                      () -> {
                        bench.vdi(sr, "other");
                        assertThat(bench.manager.srScan(sr).added()).isEmpty();
                      })
                  .doesNotThrowAnyException();
              done.set(true);
            });
    try {
      other.join(30_000);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    assertThat(done.get()).isTrue();
  }

  private final java.util.concurrent.atomic.AtomicBoolean done =
      new java.util.concurrent.atomic.AtomicBoolean();
}
