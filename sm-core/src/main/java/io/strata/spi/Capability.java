// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

/// What an SR of a type can do, in the field's words (SMAPIv1 `sr_get_driver_info`).
public enum Capability {
  SR_PROBE,
  SR_SCAN,
  SR_UPDATE,
  SR_TRIM,
  SR_METADATA,
  VDI_CREATE,
  VDI_DELETE,
  VDI_ATTACH,
  VDI_DETACH,
  VDI_ACTIVATE,
  VDI_DEACTIVATE,
  VDI_CLONE,
  VDI_SNAPSHOT,
  VDI_RESIZE,
  VDI_RESIZE_ONLINE,
  VDI_UPDATE,
  VDI_INTRODUCE,
  VDI_GENERATE_CONFIG,
  VDI_CONFIG_CBT,
  VDI_MIRROR,
  THIN_PROVISIONING,
  ATOMIC_PAUSE
}
