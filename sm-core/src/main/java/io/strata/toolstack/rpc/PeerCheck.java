// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import jdk.net.ExtendedSocketOptions;
import jdk.net.UnixDomainPrincipal;

/// Who may talk to the daemon: the user it runs as, and root. The socket's mode says the same; this
/// holds where the mode was changed.
final class PeerCheck {
  private static final System.Logger LOG = System.getLogger(PeerCheck.class.getName());

  private final UserPrincipal owner;

  private PeerCheck(UserPrincipal owner) {
    this.owner = owner;
  }

  static PeerCheck ownerOf(Path socket) throws IOException {
    return new PeerCheck(Files.getOwner(socket));
  }

  boolean allows(SocketChannel client) throws IOException {
    if (!client.supportedOptions().contains(ExtendedSocketOptions.SO_PEERCRED)) {
      return true;
    }
    UnixDomainPrincipal peer = client.getOption(ExtendedSocketOptions.SO_PEERCRED);
    if (peer.user().getName().equals(owner.getName()) || peer.user().getName().equals("root")) {
      return true;
    }
    LOG.log(Level.WARNING, "User {0} was refused at the API's socket", peer.user().getName());
    return false;
  }
}
