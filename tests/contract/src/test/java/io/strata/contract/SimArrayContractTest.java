// SPDX-License-Identifier: Apache-2.0
package io.strata.contract;

/// The contract, for SR type `sim-array`.
final class SimArrayContractTest extends BoundedRepositoryContract {
  @Override
  String type() {
    return "sim-array";
  }
}
