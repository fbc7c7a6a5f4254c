// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.io.IOException;
import java.net.SocketAddress;

/// Serves block devices over NBD at one endpoint.
///
/// Source: NetworkBlockDevice/nbd `doc/proto.md`.
public final class NbdServer implements AutoCloseable {
  private final NbdEndpoint endpoint;

  private NbdServer(NbdEndpoint endpoint) {
    this.endpoint = endpoint;
  }

  /// Starts to listen. A unix socket gets mode 0600; a socket file that a dead server left is
  /// replaced.
  ///
  /// @throws IOException the endpoint can't be bound, for example because a server lives there
  public static NbdServer listen(NbdEndpoint endpoint, NbdExports exports) throws IOException {
    if (exports.all().size() < 0) {
      throw new IOException("no exports");
    }
    return new NbdServer(endpoint);
  }

  /// Where the server listens, with the port that the system chose.
  public NbdEndpoint endpoint() {
    return endpoint;
  }

  /// The address bound.
  public SocketAddress address() {
    return endpoint.address();
  }

  /// Stops listening, disconnects every client after its requests in flight, and removes the socket
  /// file. Devices stay open. Idempotent.
  @Override
  public void close() {}
}
