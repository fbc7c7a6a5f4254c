// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.ForwardingContainer;
import io.strata.block.sim.MemoryContainer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CacheDropTest {
  private static final int WINDOWS = 3 * (CacheDrop.LEFT_AFTER_LONG + 1);

  private final List<Long> dropped = new ArrayList<>();
  private long nanos;
  private long dropTakesNanos;
  private final CacheDrop drop =
      new CacheDrop(
          new ForwardingContainer(MemoryContainer.create("target")) {
            @Override
            public void dropCached(long offsetBytes, long lengthBytes) {
              assertThat(lengthBytes).isEqualTo(CacheDrop.WINDOW_BYTES);
              dropped.add(offsetBytes / CacheDrop.WINDOW_BYTES);
              nanos += dropTakesNanos;
            }
          },
          () -> nanos);

  @Test
  void eachWindowGoesOnce() {
    dropTakesNanos = CacheDrop.LONG_NANOS - 1;
    writeToAll();
    writeToAll();
    assertThat(dropped).hasSize(WINDOWS).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void windowsAfterOneThatTookLongStay() {
    dropTakesNanos = CacheDrop.LONG_NANOS;
    writeToAll();
    long step = CacheDrop.LEFT_AFTER_LONG + 1;
    assertThat(dropped).containsExactly(0L, step, 2 * step);
  }

  private void writeToAll() {
    for (long window = 0; window < WINDOWS; window++) {
      drop.writing(window * CacheDrop.WINDOW_BYTES + 4096);
      drop.writing((window + 1) * CacheDrop.WINDOW_BYTES - 4096);
    }
  }
}
