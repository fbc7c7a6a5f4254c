// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import io.strata.catalog.PbdRecord;
import io.strata.catalog.VdiRecord;
import io.strata.spi.Capability;
import io.strata.spi.DriverDescription;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What can be asked of an SR or a VDI as it is now, in `xe`'s words.
final class AllowedOperations {
  private static final Map<Capability, String> OF_SR =
      new TreeMap<>(
          Map.of(
              Capability.VDI_CREATE, "VDI.create",
              Capability.VDI_INTRODUCE, "VDI.introduce",
              Capability.VDI_DELETE, "VDI.destroy",
              Capability.VDI_RESIZE, "VDI.resize",
              Capability.VDI_CLONE, "VDI.clone",
              Capability.VDI_SNAPSHOT, "VDI.snapshot"));

  private AllowedOperations() {}

  static List<String> ofSr(List<DriverDescription> driver, List<PbdRecord> pbds) {
    List<String> allowed = new ArrayList<>();
    if (pbds.stream().noneMatch(PbdRecord::currentlyAttached)) {
      allowed.addAll(List.of("forget", "plug", "PBD.create", "PBD.destroy"));
      return allowed;
    }
    allowed.addAll(List.of("destroy", "scan", "unplug", "update"));
    for (DriverDescription description : driver) {
      OF_SR.forEach((capability, name) -> {
        if (description.capabilities().contains(capability)) {
          allowed.add(name);
        }
      });
    }
    return allowed;
  }

  static List<String> ofVdi(VdiRecord vdi, boolean attached) {
    if (!vdi.managed()) {
      return List.of();
    }
    if (vdi.metadataOnly()) {
      return List.of("destroy", "forget");
    }
    if (vdi.missing() || vdi.problem().isPresent()) {
      return List.of("forget");
    }
    List<String> allowed = new ArrayList<>(List.of("clone", "copy", "update"));
    if (!vdi.isASnapshot()) {
      allowed.addAll(List.of("resize", "snapshot"));
    }
    if (!attached) {
      allowed.addAll(List.of("destroy", "export", "forget"));
    }
    return allowed;
  }
}
