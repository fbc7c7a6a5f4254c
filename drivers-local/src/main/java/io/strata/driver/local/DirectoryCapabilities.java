// SPDX-License-Identifier: Apache-2.0
package io.strata.driver.local;

import io.strata.spi.Capability;
import java.util.Set;

/// What an SR can do that keeps VHD files in a folder. Only what is true: changed block tracking,
/// mirroring and the like are not.
final class DirectoryCapabilities {
  static final Set<Capability> ALL =
      Set.of(
          Capability.SR_PROBE,
          Capability.SR_SCAN,
          Capability.SR_UPDATE,
          Capability.VDI_CREATE,
          Capability.VDI_DELETE,
          Capability.VDI_INTRODUCE,
          Capability.VDI_ATTACH,
          Capability.VDI_DETACH,
          Capability.VDI_ACTIVATE,
          Capability.VDI_DEACTIVATE,
          Capability.VDI_CLONE,
          Capability.VDI_SNAPSHOT,
          Capability.VDI_RESIZE,
          Capability.VDI_UPDATE,
          Capability.THIN_PROVISIONING,
          Capability.ATOMIC_PAUSE);

  private DirectoryCapabilities() {}
}
