// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

/// How bad a finding is, the mildest first.
public enum Severity {
  /// Unusual, and harmless.
  INFO,
  /// The image works; other programs may refuse or misread it, or a safeguard is gone.
  WARNING,
  /// The image contradicts itself, or can't be used.
  ERROR
}
