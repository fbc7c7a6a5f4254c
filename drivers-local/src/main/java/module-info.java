// SPDX-License-Identifier: Apache-2.0
/// Local disks and folders as storage repositories.
module io.strata.driver.local {
  requires static transitive org.jspecify;
  requires io.strata.sm;
}
