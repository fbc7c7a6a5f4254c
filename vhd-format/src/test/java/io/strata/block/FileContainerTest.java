// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.BlockDevice.Durability;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileContainerTest {
  private static final int BYTES = 1 << 20;

  @TempDir Path folder;

  @Test
  void writebackCallIsTakenByTheKernel() throws IOException {
    try (FileContainer container = FileContainer.create(folder.resolve("file"))) {
      container.ensureCapacity(BYTES);
      container.write(0, ByteBuffer.allocate(BYTES), Durability.WRITE_BACK);
      assertThat(container.wroteBack(0, BYTES)).isZero();
      assertThat(container.wroteBack(-1, BYTES)).isEqualTo(LinuxCalls.EINVAL);
    }
  }

  /// The kernel gives the number of a descriptor to the next file that is opened.
  @Test
  void closedContainerNeverTouchesAnotherFile() throws IOException {
    FileContainer closed = FileContainer.create(folder.resolve("closed"));
    closed.ensureCapacity(BYTES);
    closed.close();
    try (FileContainer other = FileContainer.create(folder.resolve("other"))) {
      other.ensureCapacity(BYTES);
      ByteBuffer ones = ByteBuffer.allocate(BYTES);
      while (ones.hasRemaining()) {
        ones.put((byte) 1);
      }
      other.write(0, ones.flip(), Durability.WRITE_BACK);
      assertThatThrownBy(() -> closed.discard(0, BYTES)).isInstanceOf(ClosedChannelException.class);
      assertThatThrownBy(() ->
              closed.writeZeroes(0, BYTES, BlockDevice.Zeroing.ALLOCATE, Durability.WRITE_BACK))
          .isInstanceOf(ClosedChannelException.class);
      assertThatThrownBy(() -> firstExtent(closed)).isInstanceOf(ClosedChannelException.class);
      assertThat(closed.wroteBack(0, BYTES)).isNotZero();
      assertThat(closed.directWrites()).isEmpty();
      ByteBuffer found = ByteBuffer.allocate(BYTES);
      other.read(0, found);
      assertThat(found.flip()).isEqualTo(ones.flip());
    }
  }

  /// A snapshot gives the name of a file that is being read to another one.
  @Test
  void holesAreThoseOfTheOpenFileWhateverItsNameMeansNow() throws IOException {
    Path name = folder.resolve("file");
    try (FileContainer writable = FileContainer.create(name)) {
      writable.ensureCapacity(BYTES);
      writable.write(0, ByteBuffer.allocate(BYTES), Durability.WRITE_BACK);
    }
    try (FileContainer data = FileContainer.openReadOnly(name)) {
      Path other = folder.resolve("other");
      try (FileContainer hole = FileContainer.create(other)) {
        hole.ensureCapacity(BYTES);
      }
      Files.move(other, name, StandardCopyOption.REPLACE_EXISTING);
      assertThat(firstExtent(data)).isEqualTo(Extent.Kind.DATA);
      Files.delete(name);
      assertThat(firstExtent(data)).isEqualTo(Extent.Kind.DATA);
    }
  }

  /// The last one frees it, step by step; who closes before must not.
  @Test
  void deletedFileKeepsItsContentForWhoStillHasItOpen() throws IOException {
    Path name = folder.resolve("file");
    long last = DeletedFile.LARGE_BYTES + DeletedFile.STEP_BYTES + 4096;
    FileContainer writable = FileContainer.create(name);
    writable.ensureCapacity(last + BYTES);
    ByteBuffer content = ByteBuffer.allocate(BYTES).put(0, (byte) 7);
    writable.write(last, content, Durability.WRITE_BACK);
    FileContainer first = FileContainer.openReadOnly(name);
    FileContainer second = FileContainer.openReadOnly(name);
    Files.delete(name);
    writable.close();
    first.close();
    ByteBuffer read = ByteBuffer.allocate(BYTES);
    second.read(last, read);
    assertThat(read.flip()).isEqualTo(content.flip());
    second.close();
  }

  /// A disk of 1 TiB of which little was written: in steps of one size it would take two million.
  @Test
  void largeDeletedFileIsFreedInFewStepsWhereItHasHoles() throws IOException {
    Path name = folder.resolve("file");
    long sizeBytes = 1L << 40;
    int fd = LinuxCalls.open(name, LinuxCalls.O_RDWR | LinuxCalls.O_CREAT, 0600);
    assertThat(LinuxCalls.ftruncate(fd, sizeBytes)).isZero();
    int steps = DeletedFile.free(fd, sizeBytes);
    assertThat(steps).isBetween(2, 100_000);
    assertThat(Files.size(name)).isZero();
    LinuxCalls.close(fd);
  }

  /// Within one, the kernel would zero pages that a client has not got yet.
  @Test
  void deletedFileIsCutOnlyWhereAHugePageMayBegin() {
    long sizeBytes = (1L << 30) + (5L << 20) + 512;
    int steps = 0;
    for (long step = DeletedFile.STEP_BYTES; sizeBytes > 0; steps++) {
      long next = DeletedFile.shorter(sizeBytes, step);
      assertThat(next).isLessThan(sizeBytes).isNotNegative();
      assertThat(next % (2 << 20)).isZero();
      sizeBytes = next;
      step = step == DeletedFile.STEP_BYTES ? 2 * step : DeletedFile.STEP_BYTES;
    }
    assertThat(steps).isGreaterThan(300);
  }

  @Test
  void onlyTheLastDescriptorIsTheOnlyOpener() throws IOException {
    Path name = folder.resolve("file");
    int one = LinuxCalls.open(name, LinuxCalls.O_RDWR | LinuxCalls.O_CREAT, 0600);
    int two = LinuxCalls.open(name, LinuxCalls.O_RDONLY, 0);
    assertThat(LinuxCalls.onlyOpener(one)).as("one of two").isFalse();
    LinuxCalls.close(two);
    assertThat(LinuxCalls.onlyOpener(one)).as("alone").isTrue();
    assertThat(LinuxCalls.ftruncate(one, 4096)).isZero();
    assertThat(Files.size(name)).isEqualTo(4096);
    LinuxCalls.close(one);
  }

  @Test
  void holesOfAClosedFileAreRefused() throws IOException {
    FileContainer container = FileContainer.create(folder.resolve("file"));
    container.ensureCapacity(BYTES);
    container.close();
    assertThatThrownBy(() -> firstExtent(container)).isInstanceOf(ClosedChannelException.class);
  }

  private static Extent.Kind firstExtent(FileContainer container) throws IOException {
    List<Extent.Kind> kinds = new ArrayList<>();
    container.extents(0, BYTES, (offset, length, kind) -> kinds.add(kind));
    return kinds.getFirst();
  }
}
