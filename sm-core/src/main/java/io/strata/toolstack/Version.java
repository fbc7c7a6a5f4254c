// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack;

import org.jspecify.annotations.Nullable;

/// The version of this build.
public final class Version {
  /// As in the jar's manifest; `dev` where there is no jar.
  public static final String TEXT = text(Version.class.getPackage().getImplementationVersion());

  private Version() {}

  private static String text(@Nullable String fromManifest) {
    return fromManifest == null ? "dev" : fromManifest;
  }
}
