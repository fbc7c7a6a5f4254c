// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.BlockDevice;
import io.strata.spi.AccessMode;
import io.strata.spi.ErrorCode;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Imports over disks that something ends early.
class UnendedImportTest {
  private static final int SIZE = 8 << 20;
  private static final int LENGTH = 100 << 10;

  @TempDir Path folder;

  private final FolderDriver driver = new FolderDriver();
  private final Random random = new Random(7);
  private StorageManager manager;
  private SrUuid sr;
  private SrUuid other;
  private VdiUuid target;
  private VdiUuid second;
  private byte[] full;
  private byte[] increment;
  private byte[] laterIncrement;

  @BeforeEach
  void open() throws Exception {
    manager = FolderBench.open(folder, driver, Failpoints.NONE);
    sr = manager.srCreate(SrCreate.of("folder", "sr", FolderDriver.at(folder.resolve("sr"))));
    other = manager.srCreate(SrCreate.of("folder", "o", FolderDriver.at(folder.resolve("other"))));
    VdiUuid disk = manager.vdiCreate(VdiCreate.of(sr, "disk", SIZE));
    scribble(disk);
    VdiUuid first = manager.vdiSnapshot(VdiSnapshot.of(disk));
    scribble(disk);
    second = manager.vdiSnapshot(VdiSnapshot.of(disk));
    scribble(disk);
    VdiUuid third = manager.vdiSnapshot(VdiSnapshot.of(disk));
    full = export(first, Optional.empty());
    increment = export(second, Optional.of(first));
    laterIncrement = export(third, Optional.of(first));
    target = put(full, Optional.empty(), ProgressListener.NONE);
  }

  @AfterEach
  void close() {
    manager.close();
  }

  /// Data in two of its blocks, which an import writes one after the other.
  private void scribble(VdiUuid disk) throws IOException, StorageException {
    try (BlockDevice device = driver.attachedTo(sr).open(disk, AccessMode.RW)) {
      for (int offset : new int[] {512 * random.nextInt(100), SIZE / 2}) {
        byte[] bytes = new byte[LENGTH];
        random.nextBytes(bytes);
        device.write(offset, ByteBuffer.wrap(bytes));
      }
      device.flush();
    }
  }

  private byte[] export(VdiUuid vdi, Optional<VdiUuid> base) throws StorageException {
    ByteArrayOutputStream image = new ByteArrayOutputStream();
    manager.vdiExport(new VdiExport(vdi, base, ImageFormat.VHD, image, ProgressListener.NONE));
    return image.toByteArray();
  }

  private VdiUuid put(byte[] image, Optional<VdiUuid> into, ProgressListener progress)
      throws StorageException {
    Optional<VdiCreate> create =
        into.isPresent() ? Optional.empty() : Optional.of(VdiCreate.of(other, "target", 0));
    return manager.vdiImport(
        new VdiImport(into, create, ImageFormat.VHD, new ByteArrayInputStream(image), progress));
  }

  private VdiUuid put(byte[] image) throws StorageException {
    return put(image, Optional.of(target), ProgressListener.NONE);
  }

  private byte[] content(SrUuid of, VdiUuid vdi) throws IOException, StorageException {
    try (BlockDevice device = driver.attachedTo(of).open(vdi, AccessMode.RO)) {
      ByteBuffer bytes = ByteBuffer.allocate(SIZE);
      device.read(0, bytes);
      return bytes.array();
    }
  }

  /// The daemon dies once a part of the increment is written.
  private void breakOff() throws StorageException {
    assertThatThrownBy(() ->
            put(
                increment,
                Optional.of(target),
                (done, total) -> {
                  throw new Faults.Death("progress");
                }))
        .isInstanceOf(Faults.Death.class);
    manager.close();
    manager = FolderBench.open(folder, driver, Failpoints.NONE);
  }

  private List<ThrowingCallable> readers() {
    return List.of(
        () -> export(target, Optional.empty()),
        () -> manager.vdiClone(VdiClone.of(target)),
        () -> manager.vdiSnapshot(VdiSnapshot.of(target)),
        () -> manager.vdiCopy(copy()),
        () -> attach(AccessMode.RO),
        () -> attach(AccessMode.RW),
        () -> manager.vdiMove(target, sr, ProgressListener.NONE));
  }

  private VdiCopy copy() {
    return new VdiCopy(
        target, Optional.of(sr), Optional.empty(), Optional.empty(), ProgressListener.NONE);
  }

  private void attach(AccessMode mode) throws StorageException {
    manager.vdiAttach(VdiAttach.of(target, mode));
    manager.vdiDetach(target, VdiAttach.HOST_DOMAIN);
  }

  private void assertUnreadable() {
    for (ThrowingCallable reader : readers()) {
      assertThatThrownBy(reader)
          .isInstanceOfSatisfying(
              StorageException.class,
              e -> {
                assertThat(e.code()).as(e.getMessage()).isEqualTo(ErrorCode.VDI_UNAVAILABLE);
                assertThat(e.what()).contains("has not ended", target.toString());
                assertThat(e.remedy()).contains("import the same image again");
              });
    }
  }

  private void assertReadable() {
    for (ThrowingCallable reader : readers()) {
      assertThatCode(reader).doesNotThrowAnyException();
    }
  }

  @Test
  void diskWithAPartOfAnIncrementIsNotReadUntilThatWasSentAgain() throws Exception {
    breakOff();
    assertThat(content(other, target)).isNotEqualTo(content(sr, second));
    assertUnreadable();
    Bench.refused(ErrorCode.VDI_TYPE, () -> put(laterIncrement));
    assertUnreadable();
    put(increment);
    assertThat(content(other, target)).isEqualTo(content(sr, second));
    assertThat(manager.vdi(target).contentId()).contains(second.toString());
    assertReadable();
  }

  @Test
  void fullImageEndsWhatAnIncrementBegan() throws Exception {
    breakOff();
    put(full);
    assertReadable();
  }

  /// The disk is a part of an image that nobody knows by name.
  @Test
  void failureOfARawImageIsKnownToo() throws Exception {
    InputStream broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("connection reset");
          }

          @Override
          public int read(byte[] bytes, int offset, int length) throws IOException {
            return read();
          }
        };
    Bench.refused(ErrorCode.IO_ERROR, () -> putRaw(broken));
    assertUnreadable();
    putRaw(new ByteArrayInputStream(new byte[] {1}));
    assertReadable();
  }

  private void putRaw(InputStream image) throws StorageException {
    manager.vdiImport(
        new VdiImport(
            Optional.of(target), Optional.empty(), ImageFormat.RAW, image, ProgressListener.NONE));
  }

  /// Nothing was written to it.
  @Test
  void diskThatCouldNotBeOpenedStaysWhatItWas() throws Exception {
    Optional<String> before = manager.vdi(target).contentId();
    driver.refuse(FolderDriver.CHANGING);
    assertThatThrownBy(() -> put(increment)).isInstanceOf(StorageException.class);
    driver.refuse(FolderDriver.NOTHING);
    assertThat(manager.vdi(target).contentId()).isEqualTo(before).isPresent();
    put(increment);
    assertThat(content(other, target)).isEqualTo(content(sr, second));
  }
}
