// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.util.Optional;

/// Whether a request's range lies within the export.
final class RangeCheck {
  private static final Optional<NbdError> INVALID = Optional.of(NbdError.INVALID);
  private static final Optional<NbdError> NO_SPACE = Optional.of(NbdError.NO_SPACE);

  private RangeCheck() {}

  /// Why the range can't be served.
  ///
  /// @param offsetBytes as on the wire: unsigned
  /// @param lengthBytes from 0 to 4 GiB - 1
  /// @param beyondTheEnd the error of a range that passes the end: INVALID or NO_SPACE
  static Optional<NbdError> refusal(
      long offsetBytes, long lengthBytes, long sizeBytes, NbdError beyondTheEnd) {
    boolean overflows = offsetBytes < 0 || offsetBytes + lengthBytes < 0;
    if (lengthBytes == 0 || overflows) {
      return INVALID;
    }
    if (offsetBytes + lengthBytes > sizeBytes) {
      return beyondTheEnd == NbdError.NO_SPACE ? NO_SPACE : INVALID;
    }
    return Optional.empty();
  }
}
