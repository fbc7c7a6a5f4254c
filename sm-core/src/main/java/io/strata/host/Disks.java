// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import io.strata.spi.StorageException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Finds the host's disks.
///
/// Reads sysfs, `/proc/self/mountinfo` and `/proc/swaps`; asks no disk anything. Every call looks
/// afresh. For any number of threads.
public final class Disks {
  private static final int SECTOR_BYTES = 512;

  /// Not disks: optical drives, floppies, memory.
  private static final Pattern NO_DISK = Pattern.compile("(sr|fd|ram|zram|mtdblock)\\d+");

  private final HostRoot root;
  private final ExclusiveUse exclusiveUse;
  private final SysAttributes block;
  private final BusFinder buses;

  private Disks(HostRoot root, ExclusiveUse exclusiveUse) {
    this.root = root;
    this.exclusiveUse = exclusiveUse;
    this.block = new SysAttributes(root.sys().resolve("block"));
    this.buses = new BusFinder(root.sys());
  }

  /// The disks of the running host.
  public static Disks live() {
    return new Disks(HostRoot.live(), new KernelExclusiveUse());
  }

  /// The disks of a recorded host.
  public static Disks recorded(HostRoot root) {
    return new Disks(root, ExclusiveUse.NOBODY);
  }

  /// Every whole disk that has a medium, by name; RAID and mapped devices too.
  public List<Disk> list() throws StorageException {
    Uses uses = new Uses(root, Mounts.read(root), exclusiveUse);
    return block.names().stream()
        .filter(name -> !NO_DISK.matcher(name).matches())
        .flatMap(name -> disk(name, uses).stream())
        .toList();
  }

  /// The disk or partition that a path names, by itself or through links as in `/dev/disk/by-id`.
  public Optional<HostDevice> find(Path path) throws StorageException {
    Path device = realPath(path);
    return devices(list()).filter(d -> realPath(d.device()).equals(device)).findFirst();
  }

  /// Disks and partitions alike.
  public static Stream<HostDevice> devices(List<Disk> disks) {
    return disks.stream()
        .flatMap(disk -> Stream.concat(Stream.of(disk), disk.partitions().stream()));
  }

  private Optional<Disk> disk(String name, Uses uses) {
    Optional<Path> folder = block.below(name).realPath();
    if (folder.isEmpty()) {
      return Optional.empty();
    }
    SysAttributes attributes = new SysAttributes(folder.get());
    Optional<DeviceNumber> number = attributes.text("dev").flatMap(DeviceNumber::parse);
    long sizeBytes = sizeBytes(attributes);
    if (number.isEmpty() || sizeBytes == 0 || attributes.flag("hidden")) {
      return Optional.empty();
    }
    Bus bus = buses.of(folder.get());
    SysAttributes queue = attributes.below("queue");
    int logicalBytes = (int) queue.number("logical_block_size", SECTOR_BYTES);
    int physicalBytes = (int) queue.number("physical_block_size", logicalBytes);
    return Optional.of(
        new Disk(
            name,
            number.get(),
            deviceFile(name),
            bus,
            new IdentityReader(attributes).identity(bus),
            sizeBytes,
            new BlockSizes(logicalBytes, physicalBytes),
            queue.flag("rotational"),
            attributes.flag("removable"),
            attributes.flag("ro"),
            partitions(attributes, uses),
            uses.of(deviceFile(name), number.get(), attributes)));
  }

  private List<Partition> partitions(SysAttributes disk, Uses uses) {
    List<Partition> partitions = new ArrayList<>();
    for (String name : disk.names()) {
      SysAttributes attributes = disk.below(name);
      int index = (int) attributes.number("partition", 0);
      Optional<DeviceNumber> number = attributes.text("dev").flatMap(DeviceNumber::parse);
      if (index > 0 && number.isPresent()) {
        partitions.add(
            new Partition(
                name,
                number.get(),
                deviceFile(name),
                index,
                attributes.number("start", 0) * SECTOR_BYTES,
                sizeBytes(attributes),
                attributes.flag("ro") || disk.flag("ro"),
                uses.of(deviceFile(name), number.get(), attributes)));
      }
    }
    partitions.sort(Comparator.comparingInt(Partition::index));
    return partitions;
  }

  /// Sysfs writes a slash in a device's name as an exclamation mark: `cciss!c0d0`.
  private Path deviceFile(String name) {
    return root.dev().resolve(name.replace('!', '/'));
  }

  /// Sysfs counts in 512 bytes, whatever the disk's sectors are.
  private static long sizeBytes(SysAttributes attributes) {
    return attributes.number("size", 0) * SECTOR_BYTES;
  }

  private static Path realPath(Path path) {
    try {
      return path.toRealPath();
    } catch (IOException absent) {
      return path;
    }
  }
}
