// SPDX-License-Identifier: Apache-2.0
package io.strata.contract;

/// The contract, for SR type `file`.
final class FileContractTest extends RepositoryContract {
  @Override
  String type() {
    return "file";
  }
}
