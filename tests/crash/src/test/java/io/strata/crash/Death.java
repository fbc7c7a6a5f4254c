// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

/// The end of a daemon's life at a failpoint. Nothing tidies up after an Error.
final class Death extends Error {
  private static final long serialVersionUID = 1L;

  Death(String point) {
    super(point);
  }
}
