// SPDX-License-Identifier: Apache-2.0
/// The storage manager: SPI, stores, NBD server, catalog, manager and toolstack.
module io.strata.sm {
  requires static transitive org.jspecify;
  requires transitive io.strata.vhd;
  requires java.sql;
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires jdk.net;
  requires info.picocli;
  requires org.apache.commons.compress;

  exports io.strata.catalog;
  exports io.strata.manager;
  exports io.strata.nbd;
  exports io.strata.host;
  exports io.strata.spi;
  exports io.strata.store;
  exports io.strata.toolstack;
  exports io.strata.toolstack.daemon;
  exports io.strata.toolstack.rpc;

  opens io.strata.toolstack.cli to
      info.picocli;

  uses io.strata.spi.StorageDriver;

  provides io.strata.spi.StorageDriver with
      io.strata.simulator.StepsDriver,
      io.strata.simulator.ArrayDriver;
}
