// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;

/// Where an NBD server listens, and where a client finds it.
public sealed interface NbdEndpoint {

  /// The address to bind or to connect to.
  SocketAddress address();

  /// The URI by which any client reaches one export here: `nbd+unix:///NAME?socket=PATH` or
  /// `nbd://host:port/NAME`, percent-encoded. Source: NetworkBlockDevice/nbd `doc/uri.md`.
  ///
  /// @param exportName name of the export; empty for the default export
  URI uri(String exportName);

  /// A unix domain socket.
  ///
  /// @param path the socket file
  record UnixSocket(Path path) implements NbdEndpoint {
    /// Longest path of a socket. `sun_path` of Linux has 108 bytes (unix(7)), of which the JDK
    /// leaves the last two free (measured with JDK 25).
    public static final int MAX_PATH_BYTES = 106;

    @Override
    public SocketAddress address() {
      return UnixDomainSocketAddress.of(path);
    }

    @Override
    public URI uri(String exportName) {
      return URI.create(
          "nbd+unix:///"
              + PercentEncoding.encode(exportName, "")
              + "?socket="
              + PercentEncoding.encode(path.toAbsolutePath().toString(), "/"));
    }
  }

  /// A TCP port. Without encryption: for loopback and trusted networks only.
  ///
  /// @param address host and port; port 0 lets the system choose when listening
  record Tcp(InetSocketAddress address) implements NbdEndpoint {
    @Override
    public URI uri(String exportName) {
      String host = address.getHostString();
      String authority = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
      return URI.create(
          "nbd://"
              + authority
              + ":"
              + address.getPort()
              + "/"
              + PercentEncoding.encode(exportName, ""));
    }
  }
}
