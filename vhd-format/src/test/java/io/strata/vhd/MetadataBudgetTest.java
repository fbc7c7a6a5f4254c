// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.FileContainer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetadataBudgetTest {
  private static final int BLOCK = 2 << 20;
  private static final int BLOCKS = 32;
  private static final int PIECE = 4096;
  private static final int THREADS = 4;

  @TempDir Path folder;

  /// Each thread has blocks of its own, and a flusher runs beside them: blocks are dropped while
  /// others are written and committed.
  @Test
  void writersOfTwoLeavesLoseNothingWhereNothingCanBeKept() throws Exception {
    long seed = Long.getLong("strata.seed", System.nanoTime());
    MetadataBudget budget = new MetadataBudget(4 * 1024);
    byte[][] models = new byte[2][BLOCKS * BLOCK];
    List<Path> files = List.of(folder.resolve("a.vhd"), folder.resolve("b.vhd"));
    List<WritableLeaf> leaves = new ArrayList<>();
    for (Path file : files) {
      leaves.add(create(file, budget));
    }
    try (ExecutorService threads = Executors.newFixedThreadPool(2 * THREADS)) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < 2 * THREADS; i++) {
        int number = i;
        running.add(
            threads.submit(() ->
                write(leaves.get(number & 1), models[number & 1], number / 2, seed + number)));
      }
      for (Future<?> future : running) {
        future.get();
      }
    }
    for (int i = 0; i < 2; i++) {
      leaves.get(i).finish();
      leaves.get(i).layer().close();
      assertThat(read(files.get(i))).as("-Dstrata.seed=%d", seed).isEqualTo(models[i]);
    }
  }

  @Test
  void aBlockThatWasFullWhenItWasDroppedIsNotedInTheBatmap() throws IOException {
    MetadataBudget budget = new MetadataBudget(1);
    Path file = folder.resolve("full.vhd");
    WritableLeaf leaf = create(file, budget);
    BlockWriter writer = writer(leaf);
    writer.write(3L * BLOCK, ByteBuffer.allocate(BLOCK));
    leaf.commit();
    writer.write(5L * BLOCK, ByteBuffer.allocate(PIECE));
    assertThat(leaf.inMemory(3)).isFalse();
    leaf.finish();
    leaf.layer().close();
    try (Layer layer = Layer.open(FileContainer.openReadOnly(file))) {
      assertThat(layer.knownFull(3)).isTrue();
      assertThat(layer.knownFull(5)).isFalse();
    }
  }

  @Test
  void theLargestHolderShrinks() {
    MetadataBudget budget = new MetadataBudget(100);
    FakeHolder small = new FakeHolder(30);
    FakeHolder large = new FakeHolder(60);
    budget.add(small);
    budget.add(large);
    budget.grew(90);
    small.bytes += 20;
    budget.grew(20);
    assertThat(large.bytes).isZero();
    assertThat(small.bytes).isEqualTo(50);
    assertThat(budget.statistics()).isEqualTo(new MetadataCacheStatistics(50, 100, 0, 0, 1));
  }

  @Test
  void aBlockIsReadOnceAndFoundInMemoryFromThenOn() throws IOException {
    MetadataBudget budget = new MetadataBudget(1 << 20);
    Path file = folder.resolve("known.vhd");
    WritableLeaf first = create(file, budget);
    writer(first).write(0, ByteBuffer.allocate(PIECE));
    first.finish();
    first.layer().close();
    WritableLeaf again = WritableLeaf.open(Layer.open(FileContainer.openReadWrite(file)), budget);
    MetadataCacheStatistics before = budget.statistics();
    for (int i = 0; i < 5; i++) {
      assertThat(again.block(0)).isNotNull();
      assertThat(again.block(1)).isNull();
    }
    again.layer().close();
    MetadataCacheStatistics after = budget.statistics();
    assertThat(after.misses() - before.misses()).isEqualTo(1);
    assertThat(after.hits() - before.hits()).isEqualTo(4);
  }

  private static final class FakeHolder implements MetadataBudget.Holder {
    private long bytes;

    FakeHolder(long bytes) {
      this.bytes = bytes;
    }

    @Override
    public long heldBytes() {
      return bytes;
    }

    @Override
    public void shrink() {
      bytes = 0;
    }
  }

  private static WritableLeaf create(Path file, MetadataBudget budget) throws IOException {
    try (FileContainer container = FileContainer.create(file)) {
      VhdCreator.dynamic(container, UUID.randomUUID(), (long) BLOCKS * BLOCK);
    }
    return WritableLeaf.open(Layer.open(FileContainer.openReadWrite(file)), budget);
  }

  private static BlockWriter writer(WritableLeaf leaf) {
    return new BlockWriter(
        leaf,
        new ChainMap(
            leaf, null, List.of(), leaf.layer(), new CacheCounters(MetadataBudget.PROCESS)));
  }

  private static @Nullable Void write(WritableLeaf leaf, byte[] model, int share, long seed)
      throws IOException {
    Random random = new Random(seed);
    BlockWriter writer = writer(leaf);
    byte[] piece = new byte[PIECE];
    for (int i = 0; i < 2_000; i++) {
      int block = random.nextInt(BLOCKS / THREADS) * THREADS + share;
      int at = block * BLOCK + random.nextInt(BLOCK / PIECE) * PIECE;
      Arrays.fill(piece, (byte) (1 + random.nextInt(255)));
      writer.begin();
      writer.write(at, ByteBuffer.wrap(piece));
      System.arraycopy(piece, 0, model, at, PIECE);
      if (random.nextInt(100) == 0) {
        leaf.commit();
      }
    }
    return null;
  }

  private byte[] read(Path file) throws IOException {
    try (VhdChain chain =
        VhdChain.open(FileContainer.openReadOnly(file), false, new FolderParents(folder))) {
      ByteBuffer all = ByteBuffer.allocate(BLOCKS * BLOCK);
      chain.read(0, all);
      return all.array();
    }
  }
}
