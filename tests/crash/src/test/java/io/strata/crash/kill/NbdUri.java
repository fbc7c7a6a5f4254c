// SPDX-License-Identifier: Apache-2.0
package io.strata.crash.kill;

import io.strata.nbd.NbdClient;
import io.strata.nbd.NbdEndpoint;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/// Where a disk is served, as its attachment said once and for all.
record NbdUri(URI uri) {
  private static final String SOCKET = "socket=";

  static NbdUri parse(String uri) {
    return new NbdUri(URI.create(uri));
  }

  NbdClient connect() throws IOException {
    Path socket = Path.of(uri.getQuery().substring(SOCKET.length()));
    return NbdClient.connect(new NbdEndpoint.UnixSocket(socket), uri.getPath().substring(1));
  }

  /// The stamps of all its sectors.
  long[] readAll(String disk) throws IOException {
    try (NbdClient client = connect()) {
      ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(client.sizeBytes()));
      client.read(0, bytes);
      return Stamps.read(disk, 0, bytes.flip());
    }
  }
}
