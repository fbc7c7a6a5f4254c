// SPDX-License-Identifier: Apache-2.0
package io.strata.catalog;

/// The key-value parameters of a VDI.
public enum VdiMap {
  OTHER_CONFIG("other-config"),
  SM_CONFIG("sm-config"),
  KEYS("keys"),
  QOS_ALGORITHM_PARAMS("qos_algorithm_params");

  private final String parameter;

  VdiMap(String parameter) {
    this.parameter = parameter;
  }

  /// Its name in the field.
  public String parameter() {
    return parameter;
  }
}
