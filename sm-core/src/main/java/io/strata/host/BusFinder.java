// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/// Tells how a disk is connected from the path of its device in sysfs.
///
/// | a part of the path | bus |
/// |---|---|
/// | `usb2` | USB |
/// | `nvme0` or `nvme-subsys0` | NVMe |
/// | `virtio1/block` | virtio |
/// | `end_device-0:0` | SAS |
/// | `rport-1:0-0` | Fibre Channel |
/// | `session3` | iSCSI |
/// | `ata1` | SATA or IDE: by the adapter's driver, else by the link's speed |
/// | `ide0` | IDE (drivers before libata) |
/// | `host0` | SCSI |
///
/// Source: the kernel's Documentation/ABI/testing/sysfs-ata and the transports' classes.
final class BusFinder {
  private static final Pattern USB = Pattern.compile("usb\\d+");
  private static final Pattern NVME = Pattern.compile("nvme\\d+|nvme-subsys\\d+");
  private static final Pattern VIRTIO = Pattern.compile("virtio\\d+");
  private static final Pattern SAS = Pattern.compile("end_device-[\\d:]+");
  private static final Pattern FIBRE_CHANNEL = Pattern.compile("rport-[\\d:-]+");
  private static final Pattern ISCSI = Pattern.compile("session\\d+");
  private static final Pattern ATA = Pattern.compile("ata\\d+");
  private static final Pattern OLD_IDE = Pattern.compile("ide\\d+");
  private static final Pattern SCSI = Pattern.compile("host\\d+");
  private static final Pattern LOOP = Pattern.compile("loop\\d+");

  private final SysAttributes sys;

  BusFinder(Path sys) {
    this.sys = new SysAttributes(sys);
  }

  /// @param device real path of the disk's folder: `.../devices/.../block/sda`
  Bus of(Path device) {
    if (LOOP.matcher(device.getFileName().toString()).matches()) {
      return Bus.LOOP;
    }
    if (has(device, USB)) {
      return Bus.USB;
    }
    if (has(device, NVME)) {
      return Bus.NVME;
    }
    if (has(device, SAS)) {
      return Bus.SAS;
    }
    if (has(device, FIBRE_CHANNEL)) {
      return Bus.FIBRE_CHANNEL;
    }
    if (has(device, ISCSI)) {
      return Bus.ISCSI;
    }
    Optional<Path> ata = ancestor(device, ATA);
    if (ata.isPresent()) {
      return isSerial(ata.get()) ? Bus.SATA : Bus.IDE;
    }
    if (has(device, OLD_IDE)) {
      return Bus.IDE;
    }
    if (has(device, SCSI)) {
      return Bus.SCSI;
    }
    return has(device, VIRTIO) ? Bus.VIRTIO : Bus.OTHER;
  }

  /// Some drivers (`ata_piix`) serve both kinds of link: there a link that has a speed is serial.
  private boolean isSerial(Path ata) {
    String driver =
        new SysAttributes(ata.resolveSibling("driver"))
            .realPath()
            .map(path -> path.getFileName().toString())
            .orElse("");
    if (driver.startsWith("pata_")) {
      return false;
    }
    return driver.equals("ahci") || driver.startsWith("sata_") || hasSerialLink(ata);
  }

  private boolean hasSerialLink(Path ata) {
    String link = ata.getFileName().toString().replace("ata", "link");
    return sys.below("class/ata_link")
        .below(link)
        .text("sata_spd")
        .filter(speed -> speed.endsWith("Gbps"))
        .isPresent();
  }

  private static boolean has(Path device, Pattern part) {
    return StreamSupport.stream(device.spliterator(), false)
        .anyMatch(name -> part.matcher(name.toString()).matches());
  }

  private static Optional<Path> ancestor(Path device, Pattern part) {
    for (Path above = device; above != null && above.getFileName() != null; above = parent(above)) {
      if (part.matcher(above.getFileName().toString()).matches()) {
        return Optional.of(above);
      }
    }
    return Optional.empty();
  }

  private static @Nullable Path parent(Path path) {
    return path.getParent();
  }
}
