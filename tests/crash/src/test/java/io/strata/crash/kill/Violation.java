// SPDX-License-Identifier: Apache-2.0
package io.strata.crash.kill;

/// Something is not as it must be after a death of the daemon, or before it.
final class Violation extends RuntimeException {
  private static final long serialVersionUID = 1L;

  Violation(String message) {
    super(message);
  }
}
