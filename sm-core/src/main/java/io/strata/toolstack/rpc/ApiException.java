// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

/// The daemon refused a call, or could not do it.
public final class ApiException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient Failure failure;

  ApiException(Failure failure) {
    super(failure.what() + " " + failure.remedy());
    this.failure = failure;
  }

  /// What the daemon answered.
  public Failure failure() {
    return failure;
  }
}
