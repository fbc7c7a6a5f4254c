// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

/// What a crash left is not what it may leave.
final class CrashViolation extends RuntimeException {
  private static final long serialVersionUID = 1L;

  CrashViolation(String message) {
    super(message);
  }
}
