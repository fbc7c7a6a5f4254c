// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.nbd.PollingPolicy.Pollers;
import org.junit.jupiter.api.Test;

class PollingPolicyTest {
  private static final long SHORT_NANOS = PollingPolicy.LONGEST_NANOS;
  private static final long LONG_NANOS = PollingPolicy.LONGEST_NANOS + 1;

  private final Pollers pollers = new Pollers(1);
  private final PollingPolicy policy = new PollingPolicy(pollers);

  @Test
  void pollsOnceWaitsWereShortForAWhile() {
    policy.served(true);
    for (int i = 1; i < PollingPolicy.SHORT_WAITS; i++) {
      policy.waited(SHORT_NANOS);
      assertThat(policy.startPolling()).as("after %d short waits", i).isFalse();
    }
    policy.waited(SHORT_NANOS);
    assertThat(policy.startPolling()).isTrue();
  }

  @Test
  void aLongWaitStartsTheCountAnew() {
    policy.served(true);
    for (int i = 1; i < PollingPolicy.SHORT_WAITS; i++) {
      policy.waited(SHORT_NANOS);
    }
    policy.waited(LONG_NANOS);
    policy.waited(SHORT_NANOS);
    assertThat(policy.startPolling()).isFalse();
  }

  @Test
  void aPollInVainEndsPolling() {
    makeWilling(policy);
    assertThat(policy.startPolling()).isTrue();
    policy.missed();
    policy.stopPolling();
    assertThat(policy.startPolling()).isFalse();
    assertThat(pollers.polling()).isZero();
  }

  @Test
  void aClientWithManyRequestsIsNotPolled() {
    makeWilling(policy);
    policy.served(false);
    assertThat(policy.startPolling()).isFalse();
  }

  @Test
  void noMoreConnectionsPollThanMay() {
    PollingPolicy other = new PollingPolicy(pollers);
    makeWilling(policy);
    makeWilling(other);
    assertThat(policy.startPolling()).isTrue();
    assertThat(other.startPolling()).isFalse();
    policy.stopPolling();
    assertThat(other.startPolling()).isTrue();
    other.stopPolling();
    assertThat(pollers.polling()).isZero();
  }

  @Test
  void nobodyPollsOnAMachineWithOneProcessor() {
    PollingPolicy lonely = new PollingPolicy(new Pollers(0));
    makeWilling(lonely);
    assertThat(lonely.startPolling()).isFalse();
  }

  static void makeWilling(PollingPolicy policy) {
    policy.served(true);
    for (int i = 0; i < PollingPolicy.SHORT_WAITS; i++) {
      policy.waited(SHORT_NANOS);
    }
  }
}
