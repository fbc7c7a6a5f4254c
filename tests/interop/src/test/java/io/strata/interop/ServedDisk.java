// SPDX-License-Identifier: Apache-2.0
package io.strata.interop;

import io.strata.block.BlockDevice;
import io.strata.block.Container;
import io.strata.nbd.NbdEndpoint;
import io.strata.nbd.NbdExport;
import io.strata.nbd.NbdExports;
import io.strata.nbd.NbdServer;
import io.strata.vhd.VhdChain;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;

/// One device, exported as `disk` at a unix socket of its own. Closes both.
final class ServedDisk implements AutoCloseable {
  private final Path socket;
  private final NbdServer server;
  private final NbdExports exports = new NbdExports();
  private final NbdExport export;
  private BlockDevice device;

  /// @param directory where the socket goes
  /// @param device belongs to this object from now on
  ServedDisk(Path directory, BlockDevice device) throws IOException {
    this.device = device;
    this.socket = directory.resolve("nbd.sock");
    export = new NbdExport("disk", "a disk of the interop tests", device);
    exports.add(export);
    server = NbdServer.listen(new NbdEndpoint.UnixSocket(socket), exports);
  }

  /// The URI as qemu, libnbd and fio take it.
  String uri() {
    return uri("disk");
  }

  String uri(String exportName) {
    return "nbd+unix:///" + exportName + "?socket=" + socket;
  }

  /// Puts a child on top of the served chain while clients go on.
  void snapshot(Container child, UUID uuid) throws IOException {
    VhdChain chain = (VhdChain) device;
    export.pause(Duration.ofSeconds(30));
    try {
      chain.createChild(child, uuid, String.valueOf(Path.of(chain.location()).getFileName()));
      child.flush();
      device = chain.withChild(chain.openChild(child));
      export.swap(device);
    } finally {
      export.resume();
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    device.flush();
    device.close();
  }
}
