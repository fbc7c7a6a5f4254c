// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import io.strata.block.sim.MemoryContainer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// What the engine does for a 4 KiB request before any I/O: BAT look-up, search for the end of a
/// run in a bitmap, and both together.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class LookupBenchmark {
  private static final long DISK_BYTES = 2040L << 30;
  private static final int BLOCK_BYTES = 2 << 20;
  private static final int SECTORS = BLOCK_BYTES / 512;
  private static final int WRITTEN_BLOCKS = 256;
  private static final int PLACES = 4096;

  private final int[] blocks = new int[PLACES];
  private final int[] sectors = new int[PLACES];
  private final long[] offsets = new long[PLACES];
  private final Span span = new Span();
  private final AllocationTable table;
  private final ChainMap map;
  private final long[] bits;
  private int next;

  /// An empty disk of the largest size with some blocks of which every second page is written.
  public LookupBenchmark() {
    try {
      MemoryContainer container = MemoryContainer.create("disk");
      VhdCreator.dynamic(container, new UUID(1, 2), DISK_BYTES);
      WritableLeaf leaf = WritableLeaf.open(Layer.open(container));
      map =
          new ChainMap(
              leaf, null, List.of(), leaf.layer(), new CacheCounters(MetadataBudget.PROCESS));
      BlockWriter writer = new BlockWriter(leaf, map);
      ByteBuffer page = ByteBuffer.allocate(4096);
      int blockCount = (int) (DISK_BYTES / BLOCK_BYTES);
      Random random = new Random(1);
      for (int b = 0; b < WRITTEN_BLOCKS; b++) {
        long start = (long) random.nextInt(blockCount) * BLOCK_BYTES;
        for (int at = 0; at < BLOCK_BYTES; at += 2 * page.capacity()) {
          writer.write(start + at, page.clear());
        }
        offsets[b] = start;
      }
      table = leaf.layer().table();
      LeafBlock first = leaf.block((int) (offsets[0] / BLOCK_BYTES));
      bits = first == null ? new long[SECTORS / Long.SIZE] : first.snapshot();
      for (int i = 0; i < PLACES; i++) {
        blocks[i] = random.nextInt(blockCount);
        sectors[i] = random.nextInt(SECTORS);
        offsets[i] = offsets[i % WRITTEN_BLOCKS] / BLOCK_BYTES * BLOCK_BYTES + sectors[i] * 512L;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Benchmark
  public long batLookUp() {
    return table.sector(blocks[next++ & PLACES - 1]);
  }

  @Benchmark
  public int bitmapRunSearch() {
    int sector = sectors[next++ & PLACES - 1];
    return SectorBitmap.endOfRun(bits, sector, SECTORS, SectorBitmap.get(bits, sector));
  }

  @Benchmark
  public long locateInLeaf() throws IOException {
    map.locate(offsets[next++ & PLACES - 1], 4096, span);
    return span.lengthBytes;
  }
}
