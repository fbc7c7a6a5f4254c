// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import java.nio.file.Path;
import java.util.Optional;

/// Reads who a disk is from its folder in sysfs.
record IdentityReader(SysAttributes disk) {

  DiskIdentity identity(Bus bus) {
    SysAttributes device = disk.below("device");
    return new DiskIdentity(
        device.text("vendor").filter(vendor -> !vendor.startsWith("0x")),
        device.text("model"),
        serial(device, bus),
        device.text("wwid").or(() -> disk.text("wwid")));
  }

  private Optional<String> serial(SysAttributes device, Bus bus) {
    Optional<String> own =
        device.vpdText("vpd_pg80").or(() -> device.text("serial")).or(() -> disk.text("serial"));
    return bus == Bus.USB ? own.or(this::bridgeSerial) : own;
  }

  /// USB bridges mostly answer no SCSI serial number: the USB device above has one.
  private Optional<String> bridgeSerial() {
    for (Path above = disk.folder(); above.getNameCount() > 1; above = parent(above)) {
      SysAttributes candidate = new SysAttributes(above);
      if (candidate.text("idVendor").isPresent()) {
        return candidate.text("serial");
      }
    }
    return Optional.empty();
  }

  private static Path parent(Path path) {
    Path above = path.getParent();
    return above == null ? path.getRoot() : above;
  }
}
