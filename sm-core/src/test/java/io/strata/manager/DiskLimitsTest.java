// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.BlockDevice.Durability;
import io.strata.catalog.VdiMap;
import io.strata.nbd.NbdClient;
import io.strata.nbd.NbdEndpoint;
import io.strata.spi.AccessMode;
import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Limits as operators set them: what is refused, and when they hold.
@Timeout(120)
class DiskLimitsTest {
  /// At one request a second these take longer than a test may.
  private static final int MANY = 1_000;

  @TempDir Path home;
  private Bench bench;
  private VdiUuid vdi;

  @BeforeEach
  void open() throws StorageException {
    bench = new Bench(home);
    vdi = bench.vdi(bench.sr("a"), "disk");
  }

  @AfterEach
  void close() {
    bench.close();
  }

  private void set(String key, String value) throws StorageException {
    bench.manager.vdiSetKey(vdi, VdiMap.QOS_ALGORITHM_PARAMS, key, value);
  }

  private void limitToOneRequestPerSecond() throws StorageException {
    set("iops", "1");
    set("burst", "0s");
    bench.manager.vdiSetQosAlgorithmType(vdi, "token-bucket");
  }

  private NbdClient client() throws IOException {
    return NbdClient.connect(
        new NbdEndpoint.UnixSocket(home.resolve("run").resolve("nbd.sock")), vdi.toString());
  }

  private static void write(NbdClient disk, int times) throws IOException {
    for (int i = 0; i < times; i++) {
      disk.write(0, ByteBuffer.allocate(512), Durability.WRITE_BACK);
    }
  }

  /// Three writes at one a second take two seconds, however fast the machine is; many more at that
  /// rate would not end within the test's time.
  private void limitedUntilTheLimitIsTakenAway() throws Exception {
    try (NbdClient disk = client()) {
      long before = System.nanoTime();
      write(disk, 3);
      assertThat(System.nanoTime() - before).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(1900));
      bench.manager.vdiSnapshot(VdiSnapshot.of(vdi));
      bench.manager.vdiSetQosAlgorithmType(vdi, "");
      write(disk, MANY);
    }
  }

  @Test
  void limitSetWhileAttachedHoldsAtOnceAndEndsAtOnce() throws Exception {
    bench.attach(vdi, AccessMode.RW);
    limitToOneRequestPerSecond();
    limitedUntilTheLimitIsTakenAway();
  }

  @Test
  void limitSetBeforeHoldsFromTheAttach() throws Exception {
    limitToOneRequestPerSecond();
    bench.attach(vdi, AccessMode.RW);
    limitedUntilTheLimitIsTakenAway();
  }

  @Test
  void limitHoldsAfterARestart() throws Exception {
    limitToOneRequestPerSecond();
    bench.attach(vdi, AccessMode.RW);
    bench.restart();
    limitedUntilTheLimitIsTakenAway();
  }

  @Test
  void nonsenseIsRefusedAndChangesNothing() throws Exception {
    set("iops", "1000");
    for (String iops : new String[] {"0", "-1", "many", "1.5", "", "1000000000000"}) {
      Bench.refused(ErrorCode.INVALID_ARG, () -> set("iops", iops));
    }
    for (String bandwidth :
        new String[] {"0", "100KiB", "-5MiB", "5XiB", "MiB", "", "2TiB", "999999999999999999TiB"}) {
      Bench.refused(ErrorCode.INVALID_ARG, () -> set("bandwidth", bandwidth));
    }
    for (String burst : new String[] {"1", "-1s", "2m", "61s", "60001ms", ""}) {
      Bench.refused(ErrorCode.INVALID_ARG, () -> set("burst", burst));
    }
    Bench.refused(ErrorCode.INVALID_ARG, () -> set("speed", "1"));
    Bench.refused(ErrorCode.INVALID_ARG, () -> bench.manager.vdiSetQosAlgorithmType(vdi, "ionice"));
    assertThat(bench.manager.vdi(vdi).qosAlgorithmParams())
        .containsExactly(Map.entry("iops", "1000"));
    assertThat(bench.manager.vdi(vdi).qosAlgorithmType()).isEmpty();
  }

  @Test
  void sizesAndTimesAreReadWithTheirUnits() throws Exception {
    bench.manager.vdiSetQosAlgorithmType(vdi, "token-bucket");
    set("iops", "1000");
    set("bandwidth", "50MiB");
    set("burst", "500ms");
    var limits = QosParameters.limits(bench.manager.vdi(vdi));
    assertThat(limits.requestsPerSecond()).hasValue(1000);
    assertThat(limits.bytesPerSecond()).hasValue(50L << 20);
    assertThat(limits.burst()).hasMillis(500);
    for (String mebibyte : new String[] {"1048576", "1048576B", "1024kb", "1m", "1 MiB/s"}) {
      set("bandwidth", mebibyte);
      assertThat(QosParameters.limits(bench.manager.vdi(vdi)).bytesPerSecond())
          .as(mebibyte)
          .hasValue(1L << 20);
    }
  }

  @Test
  void withoutAnAlgorithmParametersLimitNothing() throws Exception {
    set("iops", "1");
    assertThat(QosParameters.limits(bench.manager.vdi(vdi)).isNone()).isTrue();
  }
}
