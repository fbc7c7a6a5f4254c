// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.nbd.NbdEndpoint;
import io.strata.nbd.NbdExport;
import io.strata.nbd.NbdExports;
import io.strata.nbd.NbdServer;
import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// The NBD servers of this host: one at the unix socket, and one for each TCP address in use. A
/// disk that is served at one place can't be reached at another.
///
/// An endpoint is written `unix` or `tcp:HOST:PORT`, and is that in the catalog, so that a restart
/// serves the same place.
final class BlockBackend implements AutoCloseable {
  static final String UNIX = "unix";
  private static final String TCP = "tcp:";

  private final Path socket;

  /// By endpoint. Guarded by this.
  private final Map<String, Place> places = new HashMap<>();

  private BlockBackend(Path socket) {
    this.socket = socket;
  }

  private record Place(NbdServer server, NbdExports exports) {}

  static BlockBackend open(Path socket) throws StorageException {
    BlockBackend backend = new BlockBackend(socket);
    backend.listen(new NbdEndpoint.UnixSocket(socket));
    return backend;
  }

  /// Listens where it is asked to.
  ///
  /// @return the endpoint, with the port that the system chose
  synchronized String bind(Optional<InetSocketAddress> tcp) throws StorageException {
    if (tcp.isEmpty()) {
      return UNIX;
    }
    if (tcp.get().isUnresolved()) {
      throw new StorageException(
          ErrorCode.DNS_ERROR,
          "The name '" + tcp.get().getHostString() + "' has no address.",
          "Give a name or an address of this host.");
    }
    String wanted = written(tcp.get());
    return places.containsKey(wanted) ? wanted : listen(new NbdEndpoint.Tcp(tcp.get()));
  }

  /// Offers an export at an endpoint, and listens there if nothing does.
  synchronized void add(String endpoint, NbdExport export) throws StorageException {
    if (!places.containsKey(endpoint)) {
      listen(parse(endpoint));
    }
    place(endpoint).exports().add(export);
  }

  /// Withdraws an export; its clients are disconnected after the requests in flight.
  void remove(String endpoint, String name) throws StorageException {
    NbdExports exports;
    synchronized (this) {
      exports = place(endpoint).exports();
    }
    try {
      exports.remove(name);
    } catch (IOException e) {
      throw new StorageException(
          ErrorCode.VDI_IN_USE,
          "Requests to export " + name + " did not end: " + e.getMessage() + ".",
          "Stop its clients and send the request again.",
          e);
    }
    closeUnused(endpoint);
  }

  /// Stops listening at a TCP address that serves nothing.
  synchronized void closeUnused(String endpoint) {
    Place place = places.get(endpoint);
    if (place != null && !endpoint.equals(UNIX) && place.exports().all().isEmpty()) {
      places.remove(endpoint);
      place.server().close();
    }
  }

  /// How clients reach an export.
  String uri(String endpoint, String name) throws StorageException {
    return parse(endpoint).uri(name).toString();
  }

  private String listen(NbdEndpoint endpoint) throws StorageException {
    NbdExports exports = new NbdExports();
    try {
      NbdServer server = NbdServer.listen(endpoint, exports);
      String written =
          switch (server.endpoint()) {
            case NbdEndpoint.UnixSocket _ -> UNIX;
            case NbdEndpoint.Tcp(InetSocketAddress address) -> written(address);
          };
      places.put(written, new Place(server, exports));
      return written;
    } catch (IOException e) {
      throw new StorageException(
          ErrorCode.TAPDISK_FAILED,
          "The NBD server can't listen at " + endpoint.address() + ": " + e.getMessage() + ".",
          "Give an address that is free.",
          e);
    }
  }

  private Place place(String endpoint) {
    Place place = places.get(endpoint);
    if (place == null) {
      throw new IllegalStateException("nothing listens at " + endpoint);
    }
    return place;
  }

  /// Whether what is served at `endpoint` may answer a request for `tcp`; port 0 is any.
  static boolean matches(String endpoint, InetSocketAddress tcp) {
    String wanted = written(tcp);
    return tcp.getPort() == 0
        ? endpoint.startsWith(wanted.substring(0, wanted.length() - 1))
        : endpoint.equals(wanted);
  }

  private static String written(InetSocketAddress address) {
    String host =
        address.isUnresolved() ? address.getHostString() : address.getAddress().getHostAddress();
    return TCP + host + ":" + address.getPort();
  }

  private NbdEndpoint parse(String endpoint) throws StorageException {
    if (endpoint.equals(UNIX)) {
      return new NbdEndpoint.UnixSocket(socket);
    }
    int colon = endpoint.lastIndexOf(':');
    try {
      String host = endpoint.substring(TCP.length(), colon);
      int port = Integer.parseInt(endpoint.substring(colon + 1));
      return new NbdEndpoint.Tcp(new InetSocketAddress(host, port));
    } catch (RuntimeException e) {
      throw new StorageException(
          ErrorCode.METADATA_ERROR,
          "'" + endpoint + "' in the catalog is no endpoint.",
          "Detach the VDI and attach it again.",
          e);
    }
  }

  @Override
  public synchronized void close() {
    places.values().forEach(place -> place.server().close());
    places.clear();
  }
}
