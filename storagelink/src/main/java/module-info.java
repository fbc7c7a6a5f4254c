// SPDX-License-Identifier: Apache-2.0
/// Array adapters: not built yet, so it offers no driver.
module io.strata.storagelink {
  requires static transitive org.jspecify;
  requires io.strata.sm;
}
