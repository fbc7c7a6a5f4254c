// SPDX-License-Identifier: Apache-2.0
/// NFS exports as storage repositories: not built yet, so it offers no driver.
module io.strata.driver.nfs {
  requires static transitive org.jspecify;
  requires io.strata.sm;
}
