// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

import org.jspecify.annotations.Nullable;

/// An operation could not be done. Nothing was changed, unless the message says what was.
///
/// Carries a stable number, one sentence that says what happened with its values, and one that says
/// what to do.
public final class StorageException extends Exception {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;
  private final String what;
  private final String remedy;

  /// @param what what happened, a sentence with its values
  /// @param remedy what to do about it, a sentence
  public StorageException(ErrorCode code, String what, String remedy) {
    this(code, what, remedy, null);
  }

  /// @param cause the failure underneath
  public StorageException(ErrorCode code, String what, String remedy, @Nullable Throwable cause) {
    super(what + " " + remedy, cause);
    this.code = code;
    this.what = what;
    this.remedy = remedy;
  }

  /// The stable number and its category.
  public ErrorCode code() {
    return code;
  }

  /// What happened.
  public String what() {
    return what;
  }

  /// What to do.
  public String remedy() {
    return remedy;
  }
}
