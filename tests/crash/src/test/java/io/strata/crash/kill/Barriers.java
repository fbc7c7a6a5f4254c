// SPDX-License-Identifier: Apache-2.0
package io.strata.crash.kill;

import io.strata.block.BlockDevice.Durability;
import io.strata.nbd.NbdClient;
import java.io.IOException;

/// What becomes of a client's flushes and forced writes on their way to the daemon.
enum Barriers {
  /// The daemon gets them.
  KEPT {
    @Override
    void flush(NbdClient client) throws IOException {
      client.flush();
    }

    @Override
    Durability forced() {
      return Durability.FUA;
    }
  },

  /// They get lost, and the client takes them for answered: as with a daemon that drops them, which
  /// must be noticed.
  DROPPED {
    @Override
    void flush(NbdClient client) {}

    @Override
    Durability forced() {
      return Durability.WRITE_BACK;
    }
  };

  abstract void flush(NbdClient client) throws IOException;

  /// How a forced write is sent.
  abstract Durability forced();
}
