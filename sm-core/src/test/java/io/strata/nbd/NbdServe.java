// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import io.strata.block.BlockDevice;
import io.strata.block.FileContainer;
import java.io.IOException;
import java.nio.file.Path;

/// Serves one raw file until standard input ends: for measuring from outside.
final class NbdServe {
  private NbdServe() {}

  public static void main(String[] arguments) throws IOException {
    NbdExports exports = new NbdExports();
    try (BlockDevice device = FileContainer.openReadWrite(Path.of(arguments[1]))) {
      exports.add(new NbdExport("disk", arguments[1], device));
      exports.setDefault("disk");
      NbdEndpoint endpoint = new NbdEndpoint.UnixSocket(Path.of(arguments[0]));
      try (NbdServer server = NbdServer.listen(endpoint, exports)) {
        System.out.println(server.uri(""));
        while (System.in.read() >= 0) {
          System.out.println(exports.all().getFirst().statistics());
        }
      }
    }
  }
}
