// SPDX-License-Identifier: Apache-2.0
/// Fibre Channel LUNs as storage repositories: not built yet, so it offers no driver.
module io.strata.driver.fc {
  requires static transitive org.jspecify;
  requires io.strata.sm;
}
