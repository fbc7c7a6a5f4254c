// SPDX-License-Identifier: Apache-2.0
package io.strata.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.strata.driver.local.FileDriver;
import io.strata.manager.ManagerConfig;
import io.strata.manager.SrCreate;
import io.strata.manager.StorageManager;
import io.strata.manager.VdiAttach;
import io.strata.manager.VdiCreate;
import io.strata.spi.AccessMode;
import io.strata.spi.DeviceConfig;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.toolstack.Json;
import io.strata.toolstack.rpc.ApiClient;
import io.strata.toolstack.rpc.ApiMethods;
import io.strata.toolstack.rpc.ApiServer;
import io.strata.toolstack.rpc.ManagerMethods;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What Prometheus would read of a daemon after a load that is known to the request, made by
/// libnbd.
final class MetricsUnderLoadTest {
  private static final long MIB = 1L << 20;
  private static final long BLOCK_BYTES = 2 * MIB;
  private static final long SIZE_BYTES = 64 * MIB;
  private static final String ODD = "q\"uote, back\\slash, \\n, new\nline, {a=\"b\"} ü漢🚀";

  /// 10 writes of 7 x 4 KiB and 3 x 64 KiB that touch 10 blocks, 5 reads of 8 KiB and one that
  /// fails, 2 flushes, 1 trim, 1 write of zeroes.
  private static final String LOAD =
      """
      for i in range(7): h.pwrite(b"a" * 4096, i * 2097152)
      for i in range(7, 10): h.pwrite(b"b" * 65536, i * 2097152)
      h.flush()
      for i in range(5): h.pread(8192, i * 2097152)
      h.set_strict_mode(0)
      try:
          h.pread(4096, h.get_size())
          raise SystemExit("read beyond the end")
      except nbd.Error:
          pass
      h.zero(65536, 0)
      h.trim(2097152, 2097152)
      h.flush()
      """;

  private static final int REQUESTS = 10 + 6 + 2 + 1 + 1;

  @TempDir private Path directory;
  private StorageManager manager;
  private ApiServer server;
  private SrUuid sr;

  @BeforeEach
  void open() throws Exception {
    manager =
        StorageManager.open(ManagerConfig.of(directory.resolve("home"), List.of(new FileDriver())));
    ApiMethods methods = new ApiMethods();
    ManagerMethods.addTo(methods, manager);
    server = ApiServer.listen(directory.resolve("api.sock"), methods);
    String location = directory.resolve("disks").toString();
    sr =
        manager.srCreate(
            SrCreate.of("file", "SR " + ODD, new DeviceConfig(Map.of("location", location))));
  }

  @AfterEach
  void close() throws IOException {
    server.close();
    manager.close();
  }

  private Exposition scrape() throws Exception {
    try (ApiClient client = ApiClient.connect(directory.resolve("api.sock"))) {
      Json answer = client.call("daemon.metrics", Json.Members.NONE);
      return Exposition.parse(((Json.Members) answer).text("text"));
    }
  }

  private VdiUuid disk(String name) throws StorageException {
    return manager.vdiCreate(VdiCreate.of(sr, name, SIZE_BYTES));
  }

  private String attach(VdiUuid vdi) throws StorageException {
    return manager.vdiAttach(VdiAttach.of(vdi, AccessMode.RW)).uri();
  }

  private void detach(VdiUuid vdi) throws StorageException {
    manager.vdiDetach(vdi, VdiAttach.HOST_DOMAIN);
  }

  private static void run(String uri, String script) throws IOException {
    // nbdsh itself takes whatever python3 is first in PATH, which need not have the module.
    Tool python = Tool.require("python3");
    assumeTrue(python.run("-c", "import nbd").exitCode() == 0, "python3-libnbd is not installed");
    python.run("-m", "nbd", "-u", uri, "-c", script).ok();
  }

  private static void assertCount(Exposition metrics, VdiUuid vdi, String name, double expected) {
    assertThat(metrics.value("strata_vdi_" + name, "vdi", vdi.toString()))
        .as(name)
        .isEqualTo(expected);
  }

  @Test
  void everyCounterIsWhatTheClientDid() throws Exception {
    VdiUuid busy = disk("busy");
    VdiUuid idle = disk("idle");
    String uri = attach(busy);
    attach(idle);
    run(uri, LOAD);
    Exposition metrics = scrape();
    assertCount(metrics, busy, "writes_total", 10);
    assertCount(metrics, busy, "written_bytes_total", 7 * 4096L + 3 * 65536L);
    assertCount(metrics, busy, "reads_total", 6);
    assertCount(metrics, busy, "read_bytes_total", 5 * 8192L);
    assertCount(metrics, busy, "flushes_total", 2);
    assertCount(metrics, busy, "trims_total", 1);
    assertCount(metrics, busy, "write_zeroes_total", 1);
    assertCount(metrics, busy, "errors_total", 1);
    assertCount(metrics, busy, "inflight_requests", 0);
    assertCount(metrics, busy, "failed", 0);
    assertCount(metrics, busy, "request_duration_seconds_count", REQUESTS);
    assertCount(metrics, busy, "virtual_size_bytes", SIZE_BYTES);
    for (String name : List.of("writes", "reads", "flushes", "trims", "write_zeroes", "errors")) {
      assertCount(metrics, idle, name + "_total", 0);
    }
    assertThat(metrics.value("strata_sr_virtual_allocation_bytes", "sr", sr.toString()))
        .isEqualTo(2 * SIZE_BYTES);
  }

  @Test
  void blocksThatAreTouchedForTheFirstTimeAreCountedAsTaken() throws Exception {
    VdiUuid vdi = disk("fresh");
    double empty = physicalUtilisation(vdi);
    String uri = attach(vdi);
    run(uri, "for i in (3, 17, 30): h.pwrite(b'a' * 2097152, i * 2097152)\nh.flush()");
    double taken = physicalUtilisation(vdi) - empty;
    // Bitmaps, and what a file system takes to keep track of a file.
    assertThat(taken).isBetween(3.0 * BLOCK_BYTES, 3.0 * BLOCK_BYTES + (64 << 10));
    run(uri, "for i in (3, 17, 30): h.pwrite(b'b' * 2097152, i * 2097152)\nh.flush()");
    assertThat(physicalUtilisation(vdi) - empty).as("written again").isEqualTo(taken);
    assertThat(scrape().value("strata_sr_physical_utilisation_bytes", "sr", sr.toString()))
        .isGreaterThanOrEqualTo(taken);
  }

  private double physicalUtilisation(VdiUuid vdi) throws Exception {
    manager.srScan(sr);
    return scrape().value("strata_vdi_physical_utilisation_bytes", "vdi", vdi.toString());
  }

  @Test
  void metadataThatIsKeptCountsAsHitsWhenItIsUsedAgain() throws Exception {
    VdiUuid vdi = disk("cached");
    String uri = attach(vdi);
    run(uri, "h.pwrite(b'a' * 4096, 0)\nh.pread(4096, 0)");
    double hits = scrape().value("strata_vdi_metadata_cache_hits_total", "vdi", vdi.toString());
    double misses = scrape().value("strata_vdi_metadata_cache_misses_total", "vdi", vdi.toString());
    run(uri, "for i in range(50): h.pread(4096, 0)");
    Exposition metrics = scrape();
    assertCount(metrics, vdi, "metadata_cache_hits_total", hits + 50);
    assertCount(metrics, vdi, "metadata_cache_misses_total", misses);
  }

  @Test
  void countersStartAnewWithEachAttach() throws Exception {
    VdiUuid vdi = disk("comes and goes");
    run(attach(vdi), "h.pwrite(b'a' * 512, 0)\nh.pread(512, 0)\nh.pread(512, 0)");
    detach(vdi);
    Exposition detached = scrape();
    assertThat(detached.of("strata_vdi_reads_total", "vdi", vdi.toString())).isEmpty();
    assertCount(detached, vdi, "virtual_size_bytes", SIZE_BYTES);
    String uri = attach(vdi);
    assertCount(scrape(), vdi, "reads_total", 0);
    run(uri, "h.pread(512, 0)");
    Exposition again = scrape();
    assertCount(again, vdi, "reads_total", 1);
    assertCount(again, vdi, "writes_total", 0);
    assertCount(again, vdi, "request_duration_seconds_count", 1);
  }

  @Test
  void namesComeBackFromTheirLabelsAsTheyAre() throws Exception {
    VdiUuid vdi = disk(ODD);
    attach(vdi);
    Exposition metrics = scrape();
    assertThat(metrics.of("strata_vdi_reads_total", "vdi", vdi.toString()).getFirst().labels())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of("vdi", vdi.toString(), "sr", sr.toString(), "name", ODD));
    assertThat(metrics.of("strata_sr_physical_size_bytes", "sr", sr.toString()).getFirst().labels())
        .containsEntry("name", "SR " + ODD);
  }

  @Test
  void theParserSeesWhatBreaksTheFormat() {
    String head = "# HELP a A.\n# TYPE a gauge\n";
    assertThat(Exposition.parse(head + "a{b=\"\\\"\\n\\\\\"} 1\n").samples()).hasSize(1);
    for (String bad :
        List.of("a{b=\"\"\"} 1\n", "a{b=\"\\t\"} 1\n", "a{b=\"x\ny\"} 1\n", "b 1\n", "a 1")) {
      assertThatThrownBy(() -> Exposition.parse(head + bad))
          .as(bad)
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> Exposition.parse(head + "a 1\na 2\n"))
        .hasMessageContaining("series twice");
  }
}
