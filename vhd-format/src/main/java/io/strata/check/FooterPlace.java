// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

/// The two places of a footer.
public enum FooterPlace {
  /// The copy at offset 0, which dynamic and differencing images have.
  COPY,
  /// The last 512 bytes (511 in images of old programs).
  END
}
