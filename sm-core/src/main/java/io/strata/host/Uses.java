// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// Tells why devices are in use, from one look at the host's mounts and swap space.
final class Uses {
  private static final Path ROOT = Path.of("/");

  /// Devices stand on devices: disk, RAID, LVM, encryption. More levels than this is a loop.
  private static final int MAX_LEVELS = 16;

  private final HostRoot root;
  private final Mounts mounts;
  private final Set<Path> swaps;
  private final ExclusiveUse exclusiveUse;

  Uses(HostRoot root, Mounts mounts, ExclusiveUse exclusiveUse) {
    this.root = root;
    this.mounts = mounts;
    this.swaps = readSwaps(root);
    this.exclusiveUse = exclusiveUse;
  }

  /// @param device file of the device
  /// @param attributes its folder in sysfs
  List<InUse> of(Path device, DeviceNumber number, SysAttributes attributes) {
    List<InUse> uses = new ArrayList<>();
    if (isRoot(device, number, attributes, 0)) {
      uses.add(new InUse.RootDisk());
    }
    for (Mount mount : mountsOf(device, number)) {
      uses.add(new InUse.Mounted(mount.mountPoint(), mount.type()));
    }
    if (swaps.contains(device)) {
      uses.add(new InUse.Swap());
    }
    for (String holder : attributes.below("holders").names()) {
      uses.add(new InUse.Held(holder, describe(holder)));
    }
    // A disk whose partition is in use is held by the kernel too: the partition says why.
    if (uses.isEmpty() && !hasPartitions(attributes) && exclusiveUse.of(device)) {
      uses.add(new InUse.OpenExclusively());
    }
    return uses;
  }

  private boolean isRoot(Path device, DeviceNumber number, SysAttributes attributes, int level) {
    if (mountsOf(device, number).stream().anyMatch(mount -> mount.mountPoint().equals(ROOT))) {
      return true;
    }
    return level < MAX_LEVELS
        && attributes.below("holders").names().stream()
            .anyMatch(holder -> holderIsRoot(holder, level));
  }

  private boolean holderIsRoot(String holder, int level) {
    SysAttributes attributes = holder(holder);
    return attributes
        .text("dev")
        .flatMap(DeviceNumber::parse)
        .filter(number -> isRoot(root.dev().resolve(holder), number, attributes, level + 1))
        .isPresent();
  }

  /// Mounts by the device's number, and, as Btrfs mounts have a number of their own, by its name.
  private List<Mount> mountsOf(Path device, DeviceNumber number) {
    return mounts.all().stream().filter(mount -> isOn(mount, device, number)).toList();
  }

  private boolean isOn(Mount mount, Path device, DeviceNumber number) {
    boolean hasOwnNumber = mount.device().major() == 0;
    return hasOwnNumber
        ? device.equals(hostPath(root, mount.source()))
        : mount.device().equals(number);
  }

  private String describe(String holder) {
    SysAttributes attributes = holder(holder);
    String name = attributes.text("dm/name").orElse(holder);
    String uuid = attributes.text("dm/uuid").orElse("");
    if (uuid.startsWith("LVM-")) {
      return "LVM volume " + name;
    }
    if (uuid.startsWith("CRYPT-")) {
      return "encrypted volume " + name;
    }
    if (uuid.startsWith("mpath-")) {
      return "multipath device " + name;
    }
    return attributes
        .text("md/level")
        .map(level -> "RAID array " + holder + " of level " + level)
        .orElse("device " + name);
  }

  private SysAttributes holder(String name) {
    return new SysAttributes(root.sys().resolve("block").resolve(name));
  }

  private static boolean hasPartitions(SysAttributes attributes) {
    return attributes.names().stream()
        .anyMatch(name -> attributes.below(name).text("partition").isPresent());
  }

  /// First column of `/proc/swaps` after its heading. Source: proc(5). Absent on a kernel without
  /// swap.
  private static Set<Path> readSwaps(HostRoot root) {
    try {
      return Files.readString(root.proc().resolve("swaps"), StandardCharsets.UTF_8)
          .lines()
          .skip(1)
          .map(line -> hostPath(root, OctalEscapes.decode(line.split("\\s+", 2)[0])))
          .collect(Collectors.toSet());
    } catch (IOException absent) {
      return Set.of();
    }
  }

  /// Where a path as the kernel says it stands in this root, links followed.
  private static Path hostPath(HostRoot root, String said) {
    Path path = Path.of("/" + said).normalize();
    Path inRoot =
        path.startsWith("/dev") ? root.dev().resolve(Path.of("/dev").relativize(path)) : path;
    try {
      return inRoot.toRealPath();
    } catch (IOException absent) {
      return inRoot;
    }
  }
}
