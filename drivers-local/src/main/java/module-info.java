// SPDX-License-Identifier: Apache-2.0
/// Local disks and folders as storage repositories.
module io.strata.driver.local {
  requires static transitive org.jspecify;
  requires io.strata.sm;

  provides io.strata.spi.StorageDriver with
      io.strata.driver.local.ExtDriver,
      io.strata.driver.local.FileDriver,
      io.strata.driver.local.XfsDriver;
}
