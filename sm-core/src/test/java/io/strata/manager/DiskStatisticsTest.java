// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.BlockDevice.Durability;
import io.strata.nbd.NbdClient;
import io.strata.nbd.NbdEndpoint;
import io.strata.spi.AccessMode;
import io.strata.spi.VdiUuid;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is counted of served disks.
class DiskStatisticsTest {
  @TempDir Path home;

  @Test
  void requestsOfServedDisksAreCounted() throws Exception {
    try (Bench bench = new Bench(home)) {
      VdiUuid vdi = bench.vdi(bench.sr("a"), "disk");
      assertThat(bench.manager.statistics()).isEmpty();
      bench.attach(vdi, AccessMode.RW);
      NbdEndpoint endpoint = new NbdEndpoint.UnixSocket(home.resolve("run").resolve("nbd.sock"));
      try (NbdClient disk = NbdClient.connect(endpoint, vdi.toString())) {
        disk.write(0, ByteBuffer.allocate(4096), Durability.WRITE_BACK);
        disk.read(0, ByteBuffer.allocate(512));
        disk.flush();
        assertThat(bench.manager.statistics())
            .singleElement()
            .satisfies(disks -> {
              assertThat(disks.vdi()).isEqualTo(vdi);
              assertThat(disks.connections()).isEqualTo(1);
              assertThat(disks.exports().writes()).isEqualTo(1);
              assertThat(disks.exports().writtenBytes()).isEqualTo(4096);
              assertThat(disks.exports().reads()).isEqualTo(1);
              assertThat(disks.exports().readBytes()).isEqualTo(512);
            });
      }
      bench.manager.vdiDetach(vdi, VdiAttach.HOST_DOMAIN);
      assertThat(bench.manager.statistics()).isEmpty();
    }
  }
}
