// SPDX-License-Identifier: Apache-2.0
package io.strata.contract;

/// The contract, for SR type `sim-steps`.
final class SimStepsContractTest extends BoundedRepositoryContract {
  @Override
  String type() {
    return "sim-steps";
  }
}
