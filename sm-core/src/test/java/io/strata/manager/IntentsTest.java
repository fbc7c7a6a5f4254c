// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.catalog.Catalog;
import io.strata.catalog.CatalogDatabase;
import io.strata.catalog.HostRecord;
import io.strata.catalog.IntentRecord;
import io.strata.spi.ErrorCode;
import io.strata.spi.HostUuid;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Which operations count as left over.
class IntentsTest {
  private static final SrUuid SR = SrUuid.random();
  private static final VdiUuid DISK = VdiUuid.random();

  @TempDir private Path folder;
  private Catalog catalog;
  private Intents intents;

  @BeforeEach
  void open() throws StorageException {
    HostUuid host = HostUuid.random();
    catalog =
        Catalog.open(
            CatalogDatabase.sqlite(folder.resolve("catalog.db")), new HostRecord(host, "host"));
    intents = intentsOf(host);
  }

  private Intents intentsOf(HostUuid host) {
    Core core =
        new Core(
            catalog,
            host,
            new Drivers(List.of()),
            new PluggedSrs(),
            new Locks(Duration.ofSeconds(1)),
            new Claims(),
            Clock.systemUTC(),
            Failpoints.NONE);
    return new Intents(core, new SrMetadata(core));
  }

  @AfterEach
  void close() throws StorageException {
    catalog.close();
  }

  @Test
  void operationThatRunsIsNotLeftOverAndOneThatBrokeOffIs() throws StorageException {
    try (Intents.Intent _ = absorb()) {
      assertThat(intents.leftOver(SR)).isEmpty();
      assertThatCode(() -> intents.assertNoneToReplay(SR, DISK)).doesNotThrowAnyException();
    }
    assertThat(intents.leftOver(SR)).hasSize(1);
    assertThatThrownBy(() -> intents.assertNoneToReplay(SR, DISK))
        .hasMessageContaining("was interrupted and has not been ended");
  }

  /// Only that host knows whether it runs, and only that host ends it.
  @Test
  void operationOfAnotherHostIsToBeEndedThere() throws StorageException {
    try (Intents.Intent _ = absorb()) {
      HostUuid begunBy = catalog.read(r -> r.intents(SR)).getFirst().host();
      Intents elsewhere = intentsOf(HostUuid.random());
      assertThatThrownBy(() -> elsewhere.assertNoneToReplay(SR, DISK))
          .isInstanceOfSatisfying(
              StorageException.class,
              refused -> {
                assertThat(refused.code()).isEqualTo(ErrorCode.VDI_UNAVAILABLE);
                assertThat(refused.what()).contains("begun by host " + begunBy);
                assertThat(refused.remedy()).contains("sr-scan on that host");
              });
    }
  }

  /// As when a merge is broken off by a detach, and the next attach comes at once.
  @Test
  void operationThatEndsWhileTheCatalogIsReadIsNotLeftOver() throws StorageException {
    Intents.Intent ending = absorb();
    List<IntentRecord> left =
        intents.leftOver(() -> {
          List<IntentRecord> recorded = catalog.read(r -> r.intents(SR));
          ending.drop();
          ending.close();
          return recorded;
        });
    assertThat(left).isEmpty();
  }

  private Intents.Intent absorb() throws StorageException {
    return intents.begin(
        Operation.VDI_ABSORB,
        SR,
        Map.of(Replay.SOURCE, DISK.toString(), Replay.BASE, VdiUuid.random().toString()));
  }
}
