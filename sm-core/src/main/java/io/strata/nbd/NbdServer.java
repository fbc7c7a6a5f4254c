// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.SocketAddress;
import java.net.URI;
import java.time.Duration;

/// Serves block devices over NBD at one endpoint.
///
/// Handshakes share one thread; each client that has chosen an export has a platform thread.
/// Source: NetworkBlockDevice/nbd `doc/proto.md`.
public final class NbdServer implements AutoCloseable {
  private static final Logger LOGGER = System.getLogger(NbdServer.class.getName());
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(30);

  private final ListeningSocket socket;
  private final ConnectionSet connections;
  private final Reception reception;
  private final Thread receptionThread;

  private NbdServer(
      ListeningSocket socket,
      ConnectionSet connections,
      Reception reception,
      Thread receptionThread) {
    this.socket = socket;
    this.connections = connections;
    this.reception = reception;
    this.receptionThread = receptionThread;
  }

  /// Starts to listen, with [NbdLimits#DEFAULT]. A unix socket gets mode 0600; a socket file that a
  /// dead server left is replaced.
  ///
  /// @throws IOException the endpoint can't be bound, for example because a server lives there
  public static NbdServer listen(NbdEndpoint endpoint, NbdExports exports) throws IOException {
    return listen(endpoint, exports, NbdLimits.DEFAULT);
  }

  /// As [#listen(NbdEndpoint, NbdExports)], with other limits.
  public static NbdServer listen(NbdEndpoint endpoint, NbdExports exports, NbdLimits limits)
      throws IOException {
    ListeningSocket socket = ListeningSocket.open(endpoint);
    try {
      ConnectionSet connections = new ConnectionSet();
      Reception reception = new Reception(socket.channel(), exports, limits, connections);
      Thread thread = Thread.ofPlatform().daemon().name("nbd-reception").start(reception);
      return new NbdServer(socket, connections, reception, thread);
    } catch (IOException | RuntimeException failure) {
      socket.close();
      throw failure;
    }
  }

  /// Where the server listens, with the port that the system chose.
  public NbdEndpoint endpoint() {
    return socket.endpoint();
  }

  /// The address bound.
  public SocketAddress address() {
    return endpoint().address();
  }

  /// The URI by which clients reach one export of this server.
  public URI uri(String exportName) {
    return endpoint().uri(exportName);
  }

  /// Stops listening, disconnects every client after its requests in flight, and removes the socket
  /// file. Devices stay open. Idempotent.
  @Override
  public void close() {
    reception.stop();
    try {
      receptionThread.join(CLOSE_TIMEOUT);
      socket.close();
    } catch (IOException failure) {
      LOGGER.log(Level.WARNING, "closing the NBD server at " + endpoint(), failure);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    if (!connections.close(CLOSE_TIMEOUT)) {
      LOGGER.log(
          Level.ERROR,
          "NBD server at {0}: {1} connections still have requests in flight",
          endpoint(),
          connections.size());
    }
  }
}
