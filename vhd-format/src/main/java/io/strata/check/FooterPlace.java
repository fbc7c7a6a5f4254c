// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

/// The places of a footer.
public enum FooterPlace {
  /// The copy at offset 0, which dynamic and differencing images have.
  COPY,
  /// The last 512 bytes (511 in images of old programs).
  END,
  /// Where the end was before a fixed image's growth that was interrupted.
  OLD_END
}
