// SPDX-License-Identifier: Apache-2.0
/// iSCSI LUNs as storage repositories: not built yet, so it offers no driver.
module io.strata.driver.iscsi {
  requires static transitive org.jspecify;
  requires io.strata.sm;
}
