// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

final class ReleasesTest {

  @Test
  void waitIsBoundedAndSaysWhatIsLeft() throws Exception {
    Releases releases = new Releases();
    CountDownLatch freed = new CountDownLatch(1);
    releases.begin(() -> awaitQuietly(freed));
    assertThat(releases.await(Duration.ofMillis(1))).isEqualTo(1);
    freed.countDown();
    assertThat(releases.await(Duration.ofMinutes(1))).isZero();
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
