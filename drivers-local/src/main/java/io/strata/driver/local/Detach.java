// SPDX-License-Identifier: Apache-2.0
package io.strata.driver.local;

import io.strata.spi.StorageException;

/// What makes an SR's storage unreachable again once its repository is closed.
@FunctionalInterface
interface Detach {
  /// The storage needs nothing.
  Detach NOTHING = () -> {};

  /// Idempotent.
  void run() throws StorageException;
}
