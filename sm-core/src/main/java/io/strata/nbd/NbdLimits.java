// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.time.Duration;

/// What clients may take from a server before they are turned away.
///
/// @param handshakeTimeout how long a client may take from connecting to choosing an export
/// @param maxHandshakes clients that have not chosen yet; one more ends the one that has sent
///   nothing for longest
/// @param maxConnections clients that are served at the same time; one more is refused
public record NbdLimits(Duration handshakeTimeout, int maxHandshakes, int maxConnections) {

  /// For a daemon: 10 s, 1024 handshakes, 1024 connections.
  public static final NbdLimits DEFAULT = new NbdLimits(Duration.ofSeconds(10), 1024, 1024);

  /// Checks that every limit is positive.
  public NbdLimits {
    if (!handshakeTimeout.isPositive() || maxHandshakes < 1 || maxConnections < 1) {
      throw new IllegalArgumentException(
          "%s, %d handshakes, %d connections"
              .formatted(handshakeTimeout, maxHandshakes, maxConnections));
    }
  }
}
