// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import java.io.EOFException;

/// What is to be written does not fit the disk.
public final class TooLargeException extends EOFException {
  private static final long serialVersionUID = 1L;

  /// @param message a sentence without its full stop
  public TooLargeException(String message) {
    super(message);
  }
}
