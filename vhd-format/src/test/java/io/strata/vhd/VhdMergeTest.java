// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.Container;
import io.strata.block.FileContainer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VhdMergeTest {
  private static final int SIZE = 5 << 20;

  @TempDir Path folder;

  /// A chain 0 <- 1 <- ... <- 6: images 2 to 5 are merged into each of them in turn, while a client
  /// writes to 6; then 6 is linked to what took everything.
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void mergedRunShowsTheSameBelowARunningLeaf(long seed) throws IOException {
    Random random = new Random(seed);
    byte[] model = new byte[SIZE];
    try (FileContainer container = FileContainer.create(file(0))) {
      VhdCreator.dynamic(container, UUID.randomUUID(), SIZE);
    }
    VhdChain chain = VhdChain.open(FileContainer.openReadWrite(file(0)), true, parents());
    for (int i = 1; i <= 6; i++) {
      change(chain, model, random);
      FileContainer child = FileContainer.create(file(i));
      chain.createChild(child, UUID.randomUUID(), file(i - 1).getFileName().toString());
      child.flush();
      chain = chain.withChild(chain.openChild(child));
      chain.settle();
    }
    int low = random.nextInt(5);
    int high = low + 1 + random.nextInt(5 - low);
    int target = low + random.nextInt(high - low + 1);
    List<Container> run = new ArrayList<>();
    for (int i = high; i >= low; i--) {
      run.add(
          i == target ? FileContainer.openReadWrite(file(i)) : FileContainer.openReadOnly(file(i)));
    }
    VhdChain running = chain;
    int[] pieces = {0};
    // Exclusive is untrue here: it must change no more than the speed of reading.
    TargetUse use = random.nextBoolean() ? TargetUse.EXCLUSIVE : TargetUse.SHARED;
    try (VhdMerge merge = VhdMerge.open(run, high - target, use)) {
      merge.run(
          0,
          _ -> {
            if (pieces[0]++ % 5 == 0) {
              change(running, model, random);
              assertThat(read(running)).isEqualTo(model);
            }
          });
    }
    assertThat(read(running)).isEqualTo(model);
    try (FileContainer merged = FileContainer.openReadWrite(file(target))) {
      if (low == 0) {
        if (target > 0) {
          VhdEditor.unlink(merged);
        }
      } else {
        VhdEditor.relink(merged, info(low - 1), file(low - 1).getFileName().toString());
      }
    }
    String name = file(target).getFileName().toString();
    if (high == 5) {
      chain.relinkLeaf(java.util.Optional.of(info(target)), name);
      adopt(chain);
    } else {
      try (FileContainer above = FileContainer.openReadWrite(file(high + 1))) {
        VhdEditor.relink(above, info(target), name);
      }
      adopt(chain);
    }
    assertThat(chain.depth()).isEqualTo(7 - (high - low));
    assertThat(read(chain)).as("seed %d", seed).isEqualTo(model);
    change(chain, model, random);
    chain.close();
    try (VhdChain reopened = VhdChain.open(FileContainer.openReadOnly(file(6)), false, parents())) {
      assertThat(read(reopened)).as("seed %d", seed).isEqualTo(model);
    }
  }

  private void change(VhdChain chain, byte[] model, Random random) throws IOException {
    for (int i = 0; i < 12; i++) {
      int offset = random.nextInt(SIZE / 512) * 512;
      int length = Math.min(SIZE - offset, (1 + random.nextInt(400)) * 512);
      if (random.nextInt(3) == 0) {
        chain.discard(offset, length);
        java.util.Arrays.fill(model, offset, offset + length, (byte) 0);
      } else {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        chain.write(offset, ByteBuffer.wrap(bytes));
        System.arraycopy(bytes, 0, model, offset, length);
      }
    }
  }

  private VhdInfo info(int number) throws IOException {
    try (FileContainer container = FileContainer.openReadOnly(file(number))) {
      return VhdInfo.read(container);
    }
  }

  private FolderParents parents() throws IOException {
    return new FolderParents(folder);
  }

  private Path file(int number) {
    return folder.resolve(number + ".vhd");
  }

  private static byte[] read(VhdChain chain) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(SIZE);
    chain.read(0, bytes);
    return bytes.array();
  }

  private void adopt(VhdChain chain) throws IOException {
    VhdChain.NewParents adopted = chain.openParents(parents());
    chain.adopt(adopted);
    adopted.discard();
  }
}
