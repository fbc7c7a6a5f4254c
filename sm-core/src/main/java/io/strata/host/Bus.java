// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

/// How a disk is connected to the host.
public enum Bus {
  /// Parallel ATA.
  IDE("IDE"),
  /// Serial ATA.
  SATA("SATA"),
  /// Parallel SCSI, and SCSI adapters that don't say what they connect by.
  SCSI("SCSI"),
  /// Serial attached SCSI; also a SATA disk behind a SAS adapter.
  SAS("SAS"),
  /// A LUN over Fibre Channel.
  FIBRE_CHANNEL("FC"),
  /// A LUN over iSCSI, by the kernel's initiator.
  ISCSI("iSCSI"),
  /// PCI Express or fabrics.
  NVME("NVMe"),
  /// Universal serial bus.
  USB("USB"),
  /// A disk of a virtual machine.
  VIRTIO("virtio"),
  /// A file that poses as a disk.
  LOOP("loop"),
  /// Anything else: RAID and mapped devices, memory cards...
  OTHER("other");

  private final String label;

  Bus(String label) {
    this.label = label;
  }

  /// The name as the field writes it.
  public String label() {
    return label;
  }
}
