// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.BlockDevice;
import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import io.strata.block.CacheUse;
import io.strata.block.Container;
import io.strata.block.FileContainer;
import io.strata.block.ForwardingContainer;
import io.strata.block.sim.MemoryContainer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VhdChainTest {
  private static final int MIB = 1 << 20;

  @TempDir Path folder;

  @Test
  void lookUpsOfMetadataAreCountedForTheDiskAcrossSnapshots() throws IOException {
    int size = 4 << 20;
    dynamic("base.vhd", size);
    VhdChain chain = open("base.vhd", true);
    chain.write(0, ByteBuffer.allocate(512));
    chain.close();
    chain = open("base.vhd", true);
    read(chain, 0, 512);
    read(chain, 0, 512);
    assertThat(chain.cacheUse().misses()).as("its bitmap was read").isEqualTo(1);
    long hits = chain.cacheUse().hits();
    assertThat(hits).isPositive();
    FileContainer container = FileContainer.create(folder.resolve("child.vhd"));
    chain.createChild(container, UUID.randomUUID(), "base.vhd");
    container.flush();
    chain = chain.withChild(chain.openChild(container));
    assertThat(chain.cacheUse()).isEqualTo(new CacheUse(hits, 1));
    read(chain, 0, 512);
    read(chain, 0, 512);
    assertThat(chain.cacheUse().misses()).as("the base's runs were merged").isEqualTo(2);
    assertThat(chain.cacheUse().hits()).isGreaterThan(hits);
    chain.close();
  }

  @Test
  void newDynamicImageReadsAsZeroes() throws IOException {
    dynamic("a.vhd", 10L * MIB);
    try (VhdChain chain = open("a.vhd", false)) {
      assertThat(chain.sizeBytes()).isEqualTo(10L * MIB);
      assertThat(read(chain, 0, 10 * MIB)).isEqualTo(new byte[10 * MIB]);
      assertThat(chain.leafEmpty()).isTrue();
    }
  }

  /// So a full file system is met by the write that needs space, never by a flush: a disk that
  /// failed to flush takes no more writes.
  @Test
  void aFlushTakesNoSpace() throws IOException {
    MemoryContainer image = MemoryContainer.create("image");
    VhdCreator.dynamic(image, UUID.randomUUID(), 300L * MIB);
    try (VhdChain chain = VhdChain.open(image, true, new FolderParents(folder))) {
      for (long at = 0; at < chain.sizeBytes(); at += 3L * MIB) {
        chain.write(at, ByteBuffer.allocate(4096), Durability.WRITE_BACK);
      }
      long before = image.physicalBytes();
      chain.flush();
      assertThat(image.physicalBytes()).isEqualTo(before);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void randomOperationsOnSnapshotsAndClonesMatchPlainBytes(long seed) throws IOException {
    Random random = new Random(seed);
    int size = 7 * MIB + 512 * random.nextInt(2048);
    size -= size % 512;
    dynamic("0.vhd", size);
    byte[] model = new byte[size];
    for (int generation = 0; generation < 5; generation++) {
      VhdChain chain = open(generation + ".vhd", true);
      for (int i = 0; i < 60; i++) {
        change(chain, model, random);
        if (random.nextInt(8) == 0) {
          chain.flush();
        }
        if (random.nextInt(10) == 0) {
          assertThat(read(chain, 0, size)).as("seed %d", seed).isEqualTo(model);
        }
      }
      String child = (generation + 1) + ".vhd";
      if (random.nextBoolean()) {
        FileContainer container = FileContainer.create(folder.resolve(child));
        chain.createChild(container, UUID.randomUUID(), generation + ".vhd");
        container.flush();
        VhdChain.Child top = chain.openChild(container);
        change(chain, model, random);
        chain = chain.withChild(top);
        if (random.nextBoolean()) {
          chain.settle();
        }
        for (int i = 0; i < 10; i++) {
          change(chain, model, random);
        }
        assertThat(read(chain, 0, size)).as("seed %d", seed).isEqualTo(model);
      } else {
        try (FileContainer container = FileContainer.create(folder.resolve(child))) {
          chain.createChild(container, UUID.randomUUID(), generation + ".vhd");
        }
      }
      chain.close();
      try (VhdChain reopened = open(child, false)) {
        assertThat(read(reopened, 0, size)).as("seed %d", seed).isEqualTo(model);
        assertThat(reopened.depth()).isEqualTo(generation + 2);
        long[] covered = {0};
        reopened.extents(
            0,
            size,
            (from, length, kind) -> {
              assertThat(from).isEqualTo(covered[0]);
              covered[0] += length;
              return true;
            });
        assertThat(covered[0]).isEqualTo(size);
      }
    }
  }

  /// A flush that finds all of it undone takes a processor from the guest, which writes on.
  @Test
  void formerLeafIsSentToTheMediumBeforeItsFlush() throws IOException {
    List<String> calls = new ArrayList<>();
    long[] sentBytes = {0};
    Container image =
        new ForwardingContainer(MemoryContainer.create("a.vhd")) {
          @Override
          public void writeback(long offsetBytes, long lengthBytes) {
            assertThat(offsetBytes).isEqualTo(sentBytes[0]);
            sentBytes[0] += lengthBytes;
            calls.add("writeback");
          }

          @Override
          public void flush() throws IOException {
            calls.add("flush");
            super.flush();
          }
        };
    VhdCreator.dynamic(image, UUID.randomUUID(), 64L * MIB);
    MemoryContainer child = MemoryContainer.create("b.vhd");
    VhdChain chain = VhdChain.open(image, true, new FolderParents(folder));
    chain.createChild(child, UUID.randomUUID(), "a.vhd");
    child.flush();
    chain.write(0, filled(32 * MIB, 7));
    try (VhdChain moved = chain.withChild(chain.openChild(child))) {
      calls.clear();
      moved.settle();
      assertThat(calls).startsWith("writeback", "writeback", "writeback").endsWith("flush");
      assertThat(calls.subList(calls.indexOf("flush"), calls.size())).doesNotContain("writeback");
      assertThat(sentBytes[0]).isEqualTo(image.sizeBytes());
    }
  }

  @Test
  void scatteredWritesTakeAboutTheSpaceTheyWrite() throws IOException {
    dynamic("a.vhd", 1024L * MIB);
    Path file = folder.resolve("a.vhd");
    try (VhdChain chain = open("a.vhd", true)) {
      for (int i = 0; i < 2048; i++) {
        chain.write((long) i * 512 * 1024, ByteBuffer.allocate(4096).put(0, (byte) 1));
      }
      chain.flush();
    }
    try (FileContainer container = FileContainer.openReadOnly(file)) {
      assertThat(container.physicalBytes()).isLessThan((8 + 4) * MIB);
    }
  }

  @Test
  void trimmedSectorsOfAChildStayZeroAndGiveSpaceBack() throws IOException {
    dynamic("a.vhd", 8L * MIB);
    try (VhdChain chain = open("a.vhd", true)) {
      chain.write(0, filled(8 * MIB, 7));
      try (FileContainer child = FileContainer.create(folder.resolve("b.vhd"))) {
        chain.createChild(child, UUID.randomUUID(), "a.vhd");
      }
    }
    try (VhdChain chain = open("b.vhd", true)) {
      chain.discard(0, 8L * MIB);
      assertThat(read(chain, 0, 8 * MIB)).isEqualTo(new byte[8 * MIB]);
    }
    try (VhdChain chain = open("b.vhd", false);
        FileContainer container = FileContainer.openReadOnly(folder.resolve("b.vhd"))) {
      assertThat(read(chain, 0, 8 * MIB)).isEqualTo(new byte[8 * MIB]);
      assertThat(container.physicalBytes()).isLessThan(128 * 1024);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {9, 64, 5000, 2040L * 1024})
  void resizedDiskKeepsItsBytesAndAddsZeroes(long newMib) throws IOException {
    dynamic("a.vhd", 9L * MIB);
    byte[] content = new byte[9 * MIB];
    new Random(1).nextBytes(content);
    try (VhdChain chain = open("a.vhd", true)) {
      chain.write(0, ByteBuffer.wrap(content));
    }
    try (FileContainer container = FileContainer.openReadWrite(folder.resolve("a.vhd"))) {
      VhdEditor.resize(container, newMib * MIB);
      VhdEditor.resize(container, newMib * MIB);
    }
    try (VhdChain chain = open("a.vhd", true)) {
      assertThat(chain.sizeBytes()).isEqualTo(newMib * MIB);
      assertThat(read(chain, 0, 9 * MIB)).isEqualTo(content);
      if (newMib > 9) {
        long end = newMib * MIB - MIB;
        assertThat(read(chain, Math.max(end, 9L * MIB), MIB)).isEqualTo(new byte[MIB]);
        chain.write(end, filled(MIB, 3));
        assertThat(read(chain, end, MIB)).isEqualTo(filled(MIB, 3).array());
      }
      assertThat(read(chain, 0, 9 * MIB - MIB))
          .isEqualTo(java.util.Arrays.copyOf(content, 8 * MIB));
    }
  }

  @Test
  void parentThatChangedSinceIsRefused() throws IOException {
    dynamic("a.vhd", 8L * MIB);
    try (VhdChain chain = open("a.vhd", true);
        FileContainer child = FileContainer.create(folder.resolve("b.vhd"))) {
      chain.createChild(child, UUID.randomUUID(), "a.vhd");
    }
    open("b.vhd", true).close();
    try (VhdChain chain = open("a.vhd", true)) {
      chain.write(0, filled(512, 1));
    }
    assertThatThrownBy(() -> open("b.vhd", true))
        .isInstanceOf(VhdRejectedException.class)
        .hasMessageContaining("was changed after");
  }

  @Test
  void fixedImageIsReadAndWritten() throws IOException {
    try (FileContainer container = FileContainer.create(folder.resolve("f.vhd"))) {
      VhdCreator.fixed(container, UUID.randomUUID(), 5L * MIB);
    }
    assertThat(Files.size(folder.resolve("f.vhd"))).isEqualTo(5L * MIB + 512);
    try (VhdChain chain = open("f.vhd", true)) {
      chain.write(5L * MIB - 100, filled(100, 9));
      chain.writeZeroes(5L * MIB - 50, 10, Zeroing.MAY_DEALLOCATE, Durability.FUA);
    }
    try (VhdChain chain = open("f.vhd", false)) {
      byte[] expected = filled(100, 9).array();
      java.util.Arrays.fill(expected, 50, 60, (byte) 0);
      assertThat(read(chain, 5L * MIB - 100, 100)).isEqualTo(expected);
    }
  }

  private void change(VhdChain chain, byte[] model, Random random) throws IOException {
    int unit = random.nextInt(3) == 0 ? 1 : 512;
    int offset = random.nextInt(model.length / unit) * unit;
    int most = Math.min(model.length - offset, random.nextInt(4) == 0 ? 3 * MIB : 20_000);
    int length = Math.max(1, random.nextInt(most) / unit * unit);
    switch (random.nextInt(5)) {
      case 0 -> {
        chain.writeZeroes(
            offset,
            length,
            random.nextBoolean() ? Zeroing.ALLOCATE : Zeroing.MAY_DEALLOCATE,
            Durability.WRITE_BACK);
        java.util.Arrays.fill(model, offset, offset + length, (byte) 0);
      }
      case 1 -> {
        int start = offset - offset % 512;
        int end = Math.min(model.length, start + length - length % 512 + 512);
        chain.discard(start, end - start);
        java.util.Arrays.fill(model, start, end, (byte) 0);
      }
      default -> {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        chain.write(
            offset,
            ByteBuffer.wrap(bytes),
            random.nextInt(6) == 0 ? Durability.FUA : Durability.WRITE_BACK);
        System.arraycopy(bytes, 0, model, offset, length);
      }
    }
  }

  private void dynamic(String name, long sizeBytes) throws IOException {
    try (FileContainer container = FileContainer.create(folder.resolve(name))) {
      VhdCreator.dynamic(container, UUID.randomUUID(), sizeBytes);
    }
  }

  private VhdChain open(String name, boolean writable) throws IOException {
    Path file = folder.resolve(name);
    return VhdChain.open(
        writable ? FileContainer.openReadWrite(file) : FileContainer.openReadOnly(file),
        writable,
        new FolderParents(folder));
  }

  private static ByteBuffer filled(int length, int value) {
    byte[] bytes = new byte[length];
    java.util.Arrays.fill(bytes, (byte) value);
    return ByteBuffer.wrap(bytes);
  }

  private static byte[] read(BlockDevice device, long offset, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    device.read(offset, bytes);
    return bytes.array();
  }
}
