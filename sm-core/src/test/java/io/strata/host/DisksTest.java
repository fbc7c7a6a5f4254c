// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.spi.StorageException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DisksTest {
  @TempDir Path folder;

  private HostRoot root;
  private Map<String, Disk> disks;

  @BeforeEach
  void recordHost() throws Exception {
    root = RecordedHost.in(folder, "server-with-every-bus.txt");
    disks =
        Disks.recorded(root).list().stream().collect(Collectors.toMap(Disk::name, disk -> disk));
  }

  @Test
  void tellsTheBusOfEveryDisk() {
    Map<String, Bus> buses =
        disks.values().stream().collect(Collectors.toMap(Disk::name, Disk::bus));

    assertThat(buses)
        .containsOnly(
            Map.entry("sda", Bus.SATA),
            Map.entry("sdb", Bus.SATA),
            Map.entry("sdc", Bus.SCSI),
            Map.entry("sdd", Bus.SAS),
            Map.entry("sde", Bus.USB),
            Map.entry("sdf", Bus.IDE),
            Map.entry("sdg", Bus.SATA),
            Map.entry("sdh", Bus.FIBRE_CHANNEL),
            Map.entry("sdi", Bus.ISCSI),
            Map.entry("nvme0n1", Bus.NVME),
            Map.entry("vda", Bus.VIRTIO),
            Map.entry("loop0", Bus.LOOP),
            Map.entry("dm-0", Bus.OTHER),
            Map.entry("md0", Bus.OTHER));
  }

  @Test
  void passesOverMemoryAndDevicesWithoutMedium() {
    assertThat(disks).doesNotContainKeys("zram0", "loop1");
  }

  @Test
  void readsVendorModelSerialAndWwnWithoutPadding() {
    assertThat(disk("sda").identity())
        .isEqualTo(identity("ATA", "ST1000DM010-2EP1", "Z9ABCDE1", "naa.5000c500a1b2c3d4"));
    assertThat(disk("sdc").identity())
        .isEqualTo(identity("SEAGATE", "ST3146707LC", "3KS12345", null));
    assertThat(disk("nvme0n1").identity())
        .isEqualTo(
            identity(null, "SAMSUNG MZVL2960HCJR-00A07", "S64FNF0R123456", "eui.0025385b71b0a1c2"));
    assertThat(disk("vda").identity()).isEqualTo(identity(null, null, "overlay01", null));
  }

  @Test
  void takesTheSerialOfAUsbDiskFromTheUsbDeviceAboveIt() {
    assertThat(disk("sde").identity().serial()).contains("4C530001234567890123");
    assertThat(disk("sde").removable()).isTrue();
  }

  @Test
  void sizesAreBytesWhateverTheSectorIs() {
    assertThat(disk("sda").sizeBytes()).isEqualTo(1953525168L * 512);
    assertThat(disk("nvme0n1").sizeBytes()).isEqualTo(1875385008L * 512);
  }

  @Test
  void flagsDisksOf4KnativeAnd512emulatedSectors() {
    assertThat(disk("nvme0n1").blockSizes()).isEqualTo(new BlockSizes(4096, 4096));
    assertThat(disk("nvme0n1").blockSizes().is4Kn()).isTrue();
    assertThat(disk("sda").blockSizes().is4Kn()).isFalse();
    assertThat(disk("sda").blockSizes().is512e()).isTrue();
    assertThat(disk("sdb").blockSizes().is512e()).isFalse();
  }

  @Test
  void tellsPlattersFromFlash() {
    assertThat(disk("sda").rotational()).isTrue();
    assertThat(disk("sdb").rotational()).isFalse();
  }

  @Test
  void theRootDiskIsFoundThroughLvm() {
    assertThat(disk("sda").isRootDisk()).isTrue();
    assertThat(partition("sda", "sda2").uses())
        .containsExactly(new InUse.RootDisk(), new InUse.Held("dm-0", "LVM volume vg0-root"));
    assertThat(partition("sda", "sda1").uses())
        .containsExactly(new InUse.Mounted(Path.of("/boot"), "ext4"));
    assertThat(disk("sdb").isRootDisk()).isFalse();
  }

  @Test
  void mountedSwapAndRaidMembersAreInUseWithTheReason() {
    assertThat(partition("vda", "vda1").uses())
        .containsExactly(new InUse.Mounted(Path.of("/srv/my data"), "xfs"));
    assertThat(partition("sdb", "sdb1").uses()).containsExactly(new InUse.Swap());
    assertThat(partition("sdb", "sdb2").free()).isTrue();
    assertThat(disk("sdb").whollyFree()).isFalse();
    assertThat(disk("sdc").uses())
        .containsExactly(new InUse.Held("md0", "RAID array md0 of level raid1"));
  }

  @Test
  void aMountWithANumberOfItsOwnIsFoundByItsSource() {
    assertThat(disk("sdg").uses())
        .containsExactly(new InUse.Mounted(Path.of("/mnt/pool"), "btrfs"));
  }

  @Test
  void freeDisksAreFreeAndReadOnlyOnesSaySo() {
    assertThat(disk("sdd").whollyFree()).isTrue();
    assertThat(disk("nvme0n1").whollyFree()).isTrue();
    assertThat(disk("sdf").readOnly()).isTrue();
    assertThat(disk("sdd").readOnly()).isFalse();
  }

  @Test
  void partitionsComeInOrderWithTheirPlace() {
    assertThat(disk("sda").partitions())
        .extracting(Partition::name)
        .containsExactly("sda1", "sda2");
    Partition second = partition("sda", "sda2");
    assertThat(second.index()).isEqualTo(2);
    assertThat(second.startBytes()).isEqualTo(1050624L * 512);
    assertThat(second.sizeBytes()).isEqualTo(1952474544L * 512);
    assertThat(second.number()).isEqualTo(new DeviceNumber(8, 2));
  }

  @Test
  void aDeviceIsFoundThroughItsLinkById() throws StorageException {
    Path link = root.dev().resolve("disk/by-id/ata-ST1000DM010-2EP1_Z9ABCDE1-part1");

    assertThat(Disks.recorded(root).find(link)).map(HostDevice::name).contains("sda1");
    assertThat(Disks.recorded(root).find(root.dev().resolve("sdz"))).isEmpty();
  }

  @Test
  void aDiskThatVanishesWhileItIsLookedAtIsAbsent() throws Exception {
    Path sdd = root.sys().resolve("block/sdd");
    Files.delete(sdd.resolve("dev"));
    Files.createSymbolicLink(root.sys().resolve("block/sdz"), Path.of("nowhere"));

    assertThat(Disks.recorded(root).list())
        .extracting(Disk::name)
        .doesNotContain("sdd", "sdz")
        .contains("sda");
  }

  @Test
  void theRunningHostsDisksCanBeListed() throws StorageException {
    for (Disk disk : Disks.live().list()) {
      assertThat(disk.sizeBytes()).as(disk.name()).isPositive();
      assertThat(disk.blockSizes().logicalBytes()).as(disk.name()).isPositive();
    }
  }

  private Disk disk(String name) {
    return Objects.requireNonNull(disks.get(name), name);
  }

  private Partition partition(String disk, String name) {
    return disk(disk).partitions().stream()
        .filter(partition -> partition.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static DiskIdentity identity(
      @Nullable String vendor,
      @Nullable String model,
      @Nullable String serial,
      @Nullable String wwn) {
    return new DiskIdentity(
        Optional.ofNullable(vendor),
        Optional.ofNullable(model),
        Optional.ofNullable(serial),
        Optional.ofNullable(wwn));
  }
}
