// SPDX-License-Identifier: Apache-2.0
package io.strata.catalog;

/// The key-value parameters of an SR.
public enum SrMap {
  OTHER_CONFIG("other-config"),
  SM_CONFIG("sm-config");

  private final String parameter;

  SrMap(String parameter) {
    this.parameter = parameter;
  }

  /// Its name in the field.
  public String parameter() {
    return parameter;
  }
}
