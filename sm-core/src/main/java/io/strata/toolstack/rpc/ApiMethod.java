// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import io.strata.spi.StorageException;
import io.strata.toolstack.Json;

/// What answers one method.
@FunctionalInterface
public interface ApiMethod {
  /// Does it, on a thread of its own that is interrupted where the client goes away.
  ///
  /// @param call hears how far it is, and says whether the client is still there
  Json answer(Arguments arguments, Call call) throws StorageException;
}
