// SPDX-License-Identifier: Apache-2.0
/// Block devices, the VHD format and its copy-on-write engine. Usable on its own by any program.
module io.strata.vhd {
  requires static transitive org.jspecify;

  exports io.strata.block;
  exports io.strata.block.sim;
  exports io.strata.vhd;
  exports io.strata.check;
}
