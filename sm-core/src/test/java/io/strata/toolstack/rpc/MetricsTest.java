// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MetricsTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "strata_vdi_reads_total counter",
        "strata_vdi_writes_total counter",
        "strata_vdi_read_bytes_total counter",
        "strata_vdi_written_bytes_total counter",
        "strata_vdi_inflight_requests gauge",
        "strata_vdi_metadata_cache_hits_total counter",
        "strata_vdi_metadata_cache_misses_total counter",
        "strata_vdi_request_duration_seconds histogram",
        "strata_vdi_physical_utilisation_bytes gauge",
        "strata_sr_virtual_allocation_bytes gauge",
        "strata_sr_physical_utilisation_bytes gauge",
        "strata_metadata_cache_hits_total counter",
        "strata_metadata_cache_misses_total counter"
      })
  void everyPromisedFamilyIsThere(String family) {
    assertThat(Metrics.text(List.of(), List.of(), List.of())).contains("# TYPE " + family + "\n");
  }

  @Test
  void theMetadataCacheSaysHowMuchItMayHold() {
    assertThat(Metrics.text(List.of(), List.of(), List.of()).lines())
        .anyMatch(line -> line.matches("strata_metadata_cache_limit_bytes [1-9][0-9]*"))
        .anyMatch(line -> line.matches("strata_metadata_cache_bytes [0-9]+"));
  }
}
