// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static io.strata.crash.SectorModel.SECTOR_BYTES;

import io.strata.block.Container;
import io.strata.block.sim.MemoryContainer;
import io.strata.block.sim.RecordingContainer;
import io.strata.block.sim.WriteLog;
import java.io.IOException;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/// Writes and flushes of a [ToyStore].
final class ToyWorkload implements CrashWorkload {
  private static final int OPERATIONS = 40;

  @Override
  public String name() {
    return "toy";
  }

  @Override
  public Recording record(long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    WriteLog log = new WriteLog();
    ToyStore store = ToyStore.create(RecordingContainer.record(MemoryContainer.create("toy"), log));
    SectorModel model = SectorModel.zeroes();
    log.mark(new Expected(model, true));
    for (int i = 0; i < OPERATIONS; i++) {
      if (random.nextInt(4) == 0) {
        store.flush();
        model = model.flushed();
        log.mark(new Expected(model, true));
      } else {
        int sector = random.nextInt(ToyStore.SECTORS - 2);
        byte[] bytes = new byte[SECTOR_BYTES * (1 + random.nextInt(2))];
        random.nextBytes(bytes);
        model = model.writing((long) sector * SECTOR_BYTES, bytes);
        log.mark(new Expected(model, false));
        store.write(sector, bytes);
      }
    }
    store.flush();
    log.mark(new Expected(model.flushed(), true));
    return Recording.ofNew(log.entries());
  }

  private record Expected(SectorModel model, boolean acknowledged) implements Expectation {
    @Override
    public void verify(SimulatedStorage storage) throws IOException {
      Container container = storage.open(0, true);
      ToyStore store = ToyStore.open(container);
      Map<Long, byte[]> observed = new TreeMap<>();
      for (int sector = 0; sector < ToyStore.SECTORS; sector++) {
        byte[] bytes = store.read(sector);
        model.check(sector, bytes, 0);
        observed.put((long) sector, bytes);
      }
      byte[] probe = new byte[SECTOR_BYTES];
      probe[0] = 1;
      SectorModel probing = model.settled(observed).writing(0, probe);
      storage.expect(new Expected(probing, false));
      store.write(0, probe);
      store.flush();
      storage.expect(new Expected(probing.flushed(), true));
      probing.flushed().check(0, ToyStore.open(container).read(0), 0);
    }
  }
}
