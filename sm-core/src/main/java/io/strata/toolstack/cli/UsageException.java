// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

/// The command line can't be understood; the message says why in one line.
final class UsageException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String topic;

  /// @param topic what `strata help` explains it under; empty for the overview
  UsageException(String message, String topic) {
    super(message);
    this.topic = topic;
  }

  String topic() {
    return topic;
  }

  /// The message; never absent.
  String message() {
    return String.valueOf(getMessage());
  }
}
