// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import java.io.EOFException;

/// What is to be written does not fit the disk.
final class TooLargeException extends EOFException {
  private static final long serialVersionUID = 1L;

  TooLargeException(String message) {
    super(message);
  }
}
