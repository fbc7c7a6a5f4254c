// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.AccessMode;
import io.strata.spi.VdiUuid;
import java.net.InetSocketAddress;
import java.util.Optional;

/// Request of `vdi-attach`.
///
/// @param domain who attaches, in the toolstack's words. The same domain may repeat its call; a
///   second domain that wants to write is refused
/// @param tcp where to serve it besides the host's own socket's peers: a TCP address instead of the
///   unix socket; port 0 takes any free one
public record VdiAttach(
    VdiUuid vdi, AccessMode mode, String domain, Optional<InetSocketAddress> tcp) {
  /// The host itself.
  public static final String HOST_DOMAIN = "0";

  /// By the host itself, on the unix socket.
  public static VdiAttach of(VdiUuid vdi, AccessMode mode) {
    return new VdiAttach(vdi, mode, HOST_DOMAIN, Optional.empty());
  }
}
