// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.FileContainer;
import io.strata.block.GranuleBitmap;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChainDifferenceTest {
  private static final int SIZE = 7 << 20;
  private static final int GRANULE = GranuleBitmap.GRANULE_BYTES;

  @TempDir Path folder;

  private final Map<Integer, byte[]> content = new HashMap<>();

  /// Granules that a client's request touched, by image.
  private final Map<Integer, BitSet> touched = new HashMap<>();

  private final Map<Integer, Integer> parents = new HashMap<>();

  /// A random tree of images, each written at random. Between any two of them, every granule whose
  /// bytes differ is marked, and every one that is marked was touched by a request to an image that
  /// they do not share.
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void marksWhatDiffersAndNothingThatWasNotTouched(long seed) throws IOException {
    Random random = new Random(seed);
    try (FileContainer root = FileContainer.create(file(0))) {
      VhdCreator.dynamic(root, UUID.randomUUID(), SIZE);
    }
    content.put(0, new byte[SIZE]);
    write(0, random);
    for (int i = 1; i <= 8; i++) {
      grow(i, random.nextInt(i), random);
    }
    for (int a = 0; a <= 8; a++) {
      for (int b = 0; b <= 8; b++) {
        check(a, b, seed);
      }
    }
  }

  private void check(int a, int b, long seed) throws IOException {
    try (VhdChain from = open(a, false);
        VhdChain to = open(b, false)) {
      GranuleBitmap changed = ChainDifference.between(from, to);
      BitSet allowed = new BitSet();
      List<Integer> ofA = ancestors(a);
      List<Integer> ofB = ancestors(b);
      ofA.stream().filter(i -> !ofB.contains(i)).forEach(i -> allowed.or(touched.get(i)));
      ofB.stream().filter(i -> !ofA.contains(i)).forEach(i -> allowed.or(touched.get(i)));
      for (int g = 0; g < changed.granules(); g++) {
        String which = "seed " + seed + ", " + a + " to " + b + ", granule " + g;
        if (differs(contentOf(a), contentOf(b), g)) {
          assertThat(changed.marked(g)).as(which).isTrue();
        }
        if (changed.marked(g)) {
          assertThat(allowed.get(g)).as(which).isTrue();
        }
      }
    }
  }

  @Test
  void countsWhatARunningLeafHasNotFlushed() throws IOException {
    try (FileContainer root = FileContainer.create(file(0))) {
      VhdCreator.dynamic(root, UUID.randomUUID(), SIZE);
    }
    content.put(0, new byte[SIZE]);
    touched.put(0, new BitSet());
    grow(1, 0, new Random(1));
    try (VhdChain parent = open(0, false);
        VhdChain running = open(1, true)) {
      GranuleBitmap before = ChainDifference.between(parent, running);
      int free = 0;
      while (before.marked(free)) {
        free++;
      }
      running.write((long) free * GRANULE + 512, ByteBuffer.wrap(new byte[] {1}));
      assertThat(ChainDifference.between(parent, running).marked(free)).isTrue();
    }
  }

  @Test
  void largerDisksTailIsMarked() throws IOException {
    try (FileContainer root = FileContainer.create(file(0))) {
      VhdCreator.dynamic(root, UUID.randomUUID(), SIZE);
    }
    content.put(0, new byte[SIZE]);
    child(1, 0);
    try (FileContainer image = FileContainer.openReadWrite(file(1))) {
      VhdEditor.resize(image, SIZE + (2 << 20) + 512);
    }
    try (VhdChain parent = open(0, false);
        VhdChain larger = open(1, false)) {
      GranuleBitmap changed = ChainDifference.between(parent, larger);
      assertThat(changed.markedBytes()).isEqualTo((2 << 20) + 512);
      assertThat(changed.granules()).isEqualTo(SIZE / GRANULE + 33);
      assertThat(changed.toBytes()).hasSize((SIZE / GRANULE + 33 + 7) / 8);
      assertThat(ChainDifference.between(larger, parent).markedBytes()).isZero();
    }
  }

  @Test
  void bitmapsFirstGranuleIsTheMostSignificantBit() {
    GranuleBitmap bitmap = new GranuleBitmap(20L * GRANULE);
    bitmap.mark(0, 1);
    bitmap.mark(10L * GRANULE - 1, 2);
    bitmap.mark(19L * GRANULE, 1L << 40);
    byte[] bytes = bitmap.toBytes();
    assertThat(bytes).containsExactly(0x80, 0x60, 0x10);
    assertThat(GranuleBitmap.parse(20L * GRANULE, bytes).toBytes()).isEqualTo(bytes);
    GranuleBitmap smaller = new GranuleBitmap(10L * GRANULE);
    smaller.add(bitmap);
    assertThat(smaller.toBytes()).containsExactly(0x80, 0x40);
    assertThat(smaller.markedBytes()).isEqualTo(2 * GRANULE);
  }

  /// What changed, written as a difference and put upon the older state, gives the newer one.
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void differenceOnTheOlderStateGivesTheNewerOne(long seed) throws IOException {
    Random random = new Random(seed);
    try (FileContainer root = FileContainer.create(file(0))) {
      VhdCreator.dynamic(root, UUID.randomUUID(), SIZE);
    }
    content.put(0, new byte[SIZE]);
    write(0, random);
    grow(1, 0, random);
    grow(2, 1, random);
    UUID base = UUID.randomUUID();
    Path image = folder.resolve("difference");
    try (VhdChain from = open(0, false);
        VhdChain to = open(2, false);
        DifferenceWriter writer =
            DifferenceWriter.create(
                FileContainer.create(image), UUID.randomUUID(), SIZE, base, "base.vhd")) {
      ChainDifference.between(from, to)
          .ranges((offset, length) -> {
            ByteBuffer bytes = ByteBuffer.allocate((int) length);
            to.read(offset, bytes);
            writer.write(offset, bytes.flip());
          });
    }
    byte[] rebuilt = content.get(0).clone();
    try (DifferenceReader reader = DifferenceReader.open(FileContainer.openReadOnly(image))) {
      assertThat(reader.parent().uuid()).isEqualTo(base);
      reader.pieces((offset, data) -> data.get(rebuilt, (int) offset, data.remaining()));
    }
    assertThat(rebuilt).as("seed %d", seed).isEqualTo(content.get(2));
  }

  private void grow(int image, int parent, Random random) throws IOException {
    child(image, parent);
    write(image, random);
  }

  private void child(int image, int parent) throws IOException {
    try (FileContainer child = FileContainer.create(file(image));
        FileContainer below = FileContainer.openReadOnly(file(parent))) {
      VhdCreator.differencing(child, UUID.randomUUID(), below, file(parent).toString());
    }
    parents.put(image, parent);
    content.put(image, contentOf(parent).clone());
  }

  private void write(int image, Random random) throws IOException {
    byte[] model = content.get(image);
    BitSet granules = new BitSet();
    touched.put(image, granules);
    if (hasChildren(image)) {
      return;
    }
    try (VhdChain chain = open(image, true)) {
      for (int i = 0; i < 6; i++) {
        int offset = random.nextInt(SIZE / 512) * 512;
        int length = Math.min(SIZE - offset, (1 + random.nextInt(300)) * 512);
        granules.set(offset / GRANULE, (offset + length - 1) / GRANULE + 1);
        if (random.nextInt(3) == 0) {
          chain.discard(offset, length);
          Arrays.fill(model, offset, offset + length, (byte) 0);
        } else {
          byte[] bytes = new byte[length];
          random.nextBytes(bytes);
          chain.write(offset, ByteBuffer.wrap(bytes));
          System.arraycopy(bytes, 0, model, offset, length);
        }
      }
    }
  }

  private boolean hasChildren(int image) {
    return parents.containsValue(image);
  }

  private List<Integer> ancestors(int image) {
    List<Integer> all = new ArrayList<>();
    for (Integer at = image; at != null; at = parents.get(at)) {
      all.add(at);
    }
    return all;
  }

  private static boolean differs(byte[] a, byte[] b, int granule) {
    int from = granule * GRANULE;
    int end = Math.min(from + GRANULE, SIZE);
    return !Arrays.equals(a, from, end, b, from, end);
  }

  private VhdChain open(int image, boolean writable) throws IOException {
    FileContainer container =
        writable
            ? FileContainer.openReadWrite(file(image))
            : FileContainer.openReadOnly(file(image));
    return VhdChain.open(container, writable, new FolderParents(folder));
  }

  private Path file(int number) {
    return folder.resolve(number + ".vhd");
  }

  private byte[] contentOf(int image) {
    return Objects.requireNonNull(content.get(image));
  }
}
