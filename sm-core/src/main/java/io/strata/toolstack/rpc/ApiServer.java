// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import io.strata.nbd.NbdEndpoint;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// The local API: JSON-RPC 2.0, one document on each line, over a unix socket that only its owner
/// can reach. A virtual thread for each client; calls of one client come one after the other.
public final class ApiServer implements AutoCloseable {
  /// Version of the API; clients refuse another.
  public static final int API_VERSION = 1;

  /// Longest line that a client may send, in bytes.
  public static final int MAX_LINE_BYTES = 1024 * 1024;

  /// Clients that are served at once; more are turned away.
  public static final int MAX_CLIENTS = 64;

  private static final System.Logger LOG = System.getLogger(ApiServer.class.getName());
  private static final Duration SWEEP = Duration.ofSeconds(1);

  private final Path socket;
  private final ServerSocketChannel listener;
  private final ApiMethods methods;
  private final PeerCheck peers;
  private final Set<ClientConnection> connections = ConcurrentHashMap.newKeySet();
  private final Semaphore places = new Semaphore(MAX_CLIENTS);
  private volatile boolean closed;

  private ApiServer(
      Path socket, ServerSocketChannel listener, ApiMethods methods, PeerCheck peers) {
    this.socket = socket;
    this.listener = listener;
    this.methods = methods;
    this.peers = peers;
  }

  /// Serves on a socket in a folder that only the owner can enter. A socket that a dead server left
  /// is replaced: the caller holds the home's lock.
  public static ApiServer listen(Path socket, ApiMethods methods) throws IOException {
    int pathBytes = socket.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8).length;
    if (pathBytes > NbdEndpoint.UnixSocket.MAX_PATH_BYTES) {
      throw new IOException(
          "The path of the socket has "
              + pathBytes
              + " bytes and unix sockets allow "
              + NbdEndpoint.UnixSocket.MAX_PATH_BYTES
              + ": "
              + socket
              + ". Use a shorter home.");
    }
    Files.deleteIfExists(socket);
    ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      listener.bind(UnixDomainSocketAddress.of(socket), MAX_CLIENTS);
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
      ApiServer server = new ApiServer(socket, listener, methods, PeerCheck.ownerOf(socket));
      Thread.ofVirtual().name("api-accept").start(server::accept);
      Thread.ofVirtual().name("api-sweep").start(server::sweep);
      return server;
    } catch (IOException e) {
      listener.close();
      throw e;
    }
  }

  private void accept() {
    while (!closed) {
      try {
        admit(listener.accept());
      } catch (IOException e) {
        if (!closed) {
          LOG.log(Level.WARNING, "A client of the API could not be accepted", e);
          pause();
        }
      }
    }
  }

  /// After a failed accept (too many open files): not in a hot loop.
  private static void pause() {
    try {
      Thread.sleep(SWEEP);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void admit(SocketChannel channel) throws IOException {
    if (!peers.allows(channel) || !places.tryAcquire()) {
      channel.close();
      return;
    }
    ClientConnection connection = new ClientConnection(channel, methods);
    connections.add(connection);
    Thread.ofVirtual()
        .name("api-client")
        .start(() -> {
          try {
            connection.serve();
          } finally {
            connections.remove(connection);
            places.release();
          }
        });
  }

  private void sweep() {
    while (!closed) {
      connections.forEach(ClientConnection::closeIfStale);
      pause();
    }
  }

  /// Stops accepting, lets calls that are under way answer for a while, and hangs up.
  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    listener.close();
    Files.deleteIfExists(socket);
    connections.forEach(ClientConnection::finish);
    try {
      if (!places.tryAcquire(MAX_CLIENTS, 10, TimeUnit.SECONDS)) {
        LOG.log(Level.WARNING, "Calls of the API were still under way at the end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    connections.forEach(ClientConnection::hangUp);
  }
}
