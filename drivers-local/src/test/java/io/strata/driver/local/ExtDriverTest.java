// SPDX-License-Identifier: Apache-2.0
package io.strata.driver.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.host.Disks;
import io.strata.host.FilesystemType;
import io.strata.host.Filesystems;
import io.strata.host.HostRoot;
import io.strata.host.Mount;
import io.strata.host.Mounts;
import io.strata.host.Privileges;
import io.strata.host.ProcessRunner;
import io.strata.spi.AccessMode;
import io.strata.spi.DeviceConfig;
import io.strata.spi.ErrorCode;
import io.strata.spi.ProbeResult.Candidate;
import io.strata.spi.Repository;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import io.strata.spi.VolumeSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// On real loop devices, as root; skipped elsewhere.
final class ExtDriverTest {
  private static final long DISK_BYTES = 600L * 1024 * 1024;

  private final SrUuid sr = SrUuid.random();
  private final List<LoopDisk> disks = new ArrayList<>();
  private final List<Repository> attached = new ArrayList<>();

  @TempDir Path given;

  private Path folder;
  private ExtDriver driver;

  @BeforeEach
  void mountInTheTemporaryFolder() throws Exception {
    folder = given.toRealPath();
    driver =
        new ExtDriver(
            Disks.live(), new Filesystems(new ProcessRunner()), new MountRoot(mountRoot()));
  }

  @AfterEach
  void leaveNothingBehind() throws Exception {
    for (Repository repository : attached) {
      repository.close();
    }
    for (Mount mount : Mounts.read(HostRoot.live()).all().reversed()) {
      if (mount.mountPoint().startsWith(folder)) {
        LoopDisk.tool("umount", mount.mountPoint().toString());
      }
    }
    for (LoopDisk disk : disks) {
      disk.close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ext4", "xfs"})
  void formatsMountsDetachesAndComesBackWithItsData(String filesystem) throws Exception {
    LoopDisk disk = disk(DISK_BYTES);
    DeviceConfig config = config(disk, "fs", filesystem);
    VdiUuid vdi = VdiUuid.random();

    driver.create(sr, config);
    assertThat(mounted()).isEmpty();

    try (Repository repository = driver.attach(sr, config)) {
      assertThat(mounted()).hasSize(1);
      assertThat(mounted().getFirst().type()).isEqualTo(filesystem);
      assertThat(mounted().getFirst().options()).contains("nosuid", "nodev", "noexec", "rw");
      assertThat(repository.stat().totalBytes()).isBetween(DISK_BYTES / 2, DISK_BYTES);
      repository.create(vdi, new VolumeSpec(8 * 1024 * 1024, Volume.Kind.VHD));
      try (var device = repository.open(vdi, AccessMode.RW)) {
        device.write(4096, ByteBuffer.wrap(new byte[] {1, 2, 3}));
        device.flush();
      }
    }
    assertThat(mounted()).isEmpty();
    assertThat(mountRoot().resolve(sr.toString())).doesNotExist();

    try (Repository repository = driver.attach(sr, config)) {
      assertThat(repository.scan()).extracting(Volume::uuid).containsExactly(vdi);
      ByteBuffer read = ByteBuffer.allocate(3);
      try (var device = repository.open(vdi, AccessMode.RO)) {
        device.read(4096, read);
      }
      assertThat(read.array()).containsExactly(1, 2, 3);
      repository.delete(vdi);
    }

    driver.destroy(sr, config);
    driver.destroy(sr, config);
    assertThat(candidate(disk).orElseThrow().sr()).isEmpty();
    assertThat(candidate(disk).orElseThrow().complete()).isTrue();
  }

  @Test
  void typeXfsFormatsWithXfsAndKnowsNoOther() throws Exception {
    LoopDisk disk = disk(DISK_BYTES);
    XfsDriver xfs =
        new XfsDriver(
            Disks.live(), new Filesystems(new ProcessRunner()), new MountRoot(mountRoot()));

    xfs.create(sr, config(disk));

    assertThat(blkid(disk)).contains("TYPE=xfs").contains("LABEL=strata-sr").contains("UUID=" + sr);
    refused(ErrorCode.INVALID_ARG, "ext4", () -> xfs.attach(sr, config(disk, "fs", "ext4")));
  }

  @Test
  void createIsRepeatedWithoutFormattingAgain() throws Exception {
    LoopDisk disk = disk(DISK_BYTES);
    driver.create(sr, config(disk));
    Path mountPoint = Files.createDirectories(folder.resolve("look"));
    LoopDisk.tool("mount", disk.device().toString(), mountPoint.toString());
    Files.writeString(mountPoint.resolve("witness"), "kept");
    LoopDisk.tool("umount", mountPoint.toString());

    driver.create(sr, config(disk));

    LoopDisk.tool("mount", disk.device().toString(), mountPoint.toString());
    assertThat(mountPoint.resolve("witness")).hasContent("kept");
  }

  @Test
  void aDiskThatWasFormattedBeforeACrashIsFinishedByTheReplay() throws Exception {
    LoopDisk disk = disk(DISK_BYTES);
    new Filesystems(new ProcessRunner())
        .format(disk.device(), FilesystemType.EXT4, sr.value(), DiskInspector.LABEL);

    driver.create(sr, config(disk));

    attach(config(disk));
    assertThat(mountRoot().resolve(sr.toString()).resolve(".strata-sr")).exists();
  }

  @Test
  void aMountThatACrashLeftIsTakenOver() throws Exception {
    LoopDisk disk = disk(DISK_BYTES);
    driver.create(sr, config(disk));
    attach(config(disk));

    try (Repository taken = driver.attach(sr, config(disk))) {
      assertThat(taken.scan()).isEmpty();
      assertThat(mounted()).hasSize(1);
    }
    assertThat(mounted()).isEmpty();
  }

  @Test
  void theSrIsFoundAgainWhenItsDiskHasAnotherName() throws Exception {
    LoopDisk first = disk(DISK_BYTES);
    LoopDisk second = disk(DISK_BYTES);
    driver.create(sr, config(second));

    try (Repository repository = driver.attach(sr, config(first))) {
      assertThat(repository.scan()).isEmpty();
      assertThat(mounted().getFirst().source()).isEqualTo(second.device().toString());
    }
  }

  @Test
  void ofADiskAndItsCopyNeitherIsTakenUnlessTheConfigurationNamesIt() throws Exception {
    LoopDisk original = disk(DISK_BYTES);
    driver.create(sr, config(original));
    LoopDisk copy = kept(LoopDisk.over(Files.copy(original.file(), folder.resolve("copy.img"))));
    LoopDisk third = disk(DISK_BYTES);

    refused(
        ErrorCode.SR_UNAVAILABLE, copy.device().toString(), () -> driver.attach(sr, config(third)));
    driver.attach(sr, config(original)).close();
  }

  @Test
  void probeListsAFreeDiskWithItsFactsAndHidesItWhileItIsInUse() throws Exception {
    LoopDisk disk = disk(DISK_BYTES);
    Candidate free = candidate(disk).orElseThrow();
    assertThat(free.complete()).isTrue();
    assertThat(free.sr()).isEmpty();
    assertThat(free.config().get("device")).contains(disk.device().toString());
    assertThat(free.details())
        .containsEntry("path", disk.device().toString())
        .containsEntry("bus", "loop")
        .containsEntry("size", Long.toString(DISK_BYTES))
        .containsEntry("logical-block-size", "512")
        .containsEntry("4kn", "false");

    driver.create(sr, config(disk));
    assertThat(candidate(disk).orElseThrow().sr()).contains(sr);

    attach(config(disk));
    assertThat(candidate(disk)).isEmpty();
  }

  @Test
  void aMountedDiskIsRefusedWithTheReasonEvenByForce() throws Exception {
    LoopDisk disk = disk(DISK_BYTES);
    LoopDisk.tool("mkfs.ext4", "-q", "-F", disk.device().toString());
    Path elsewhere = Files.createDirectories(folder.resolve("elsewhere"));
    LoopDisk.tool("mount", disk.device().toString(), elsewhere.toString());

    refused(
        ErrorCode.SR_IN_USE,
        "mounted at " + elsewhere,
        () -> driver.create(sr, config(disk, "force", "true")));
    assertThat(candidate(disk)).isEmpty();
  }

  @Test
  void anSrThatIsMountedElsewhereIsNotAttached() throws Exception {
    LoopDisk disk = disk(DISK_BYTES);
    driver.create(sr, config(disk));
    Path elsewhere = Files.createDirectories(folder.resolve("elsewhere"));
    LoopDisk.tool("mount", disk.device().toString(), elsewhere.toString());

    refused(ErrorCode.SR_IN_USE, "mounted at " + elsewhere, () -> driver.attach(sr, config(disk)));
  }

  @Test
  void foreignContentIsNamedAndOverwrittenOnlyByForce() throws Exception {
    LoopDisk disk = disk(DISK_BYTES);
    LoopDisk.tool("mkfs.ext4", "-q", "-F", "-L", "holiday", disk.device().toString());
    String before = blkid(disk);

    refused(
        ErrorCode.CONFIG_DEVICE_INVALID,
        "ext4 filesystem \"holiday\"",
        () -> driver.create(sr, config(disk)));
    assertThat(blkid(disk)).isEqualTo(before);
    assertThat(candidate(disk).orElseThrow().complete()).isFalse();
    assertThat(candidate(disk).orElseThrow().details())
        .containsEntry("contents", "ext4 filesystem \"holiday\"");

    driver.create(sr, config(disk, "force", "true", "fs", "xfs"));
    assertThat(blkid(disk)).contains("TYPE=xfs").contains("UUID=" + sr);
  }

  @Test
  void swapSpaceIsForeignContentToo() throws Exception {
    LoopDisk disk = disk(DISK_BYTES);
    LoopDisk.tool("mkswap", disk.device().toString());

    refused(ErrorCode.CONFIG_DEVICE_INVALID, "swap", () -> driver.create(sr, config(disk)));
  }

  @Test
  void aDiskOfAnotherSrIsRefusedEvenByForce() throws Exception {
    LoopDisk disk = disk(DISK_BYTES);
    driver.create(sr, config(disk));

    refused(
        ErrorCode.SR_IN_USE,
        sr.toString(),
        () -> driver.create(SrUuid.random(), config(disk, "force", "true")));
  }

  @Test
  void aReadOnlyOrTooSmallDiskIsRefusedAndHidden() throws Exception {
    LoopDisk small = disk(100L * 1024 * 1024);
    Path file = Files.createFile(folder.resolve("locked.img"));
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(1), DISK_BYTES - 1);
    }
    LoopDisk locked = kept(LoopDisk.readOnlyOver(file));

    refused(ErrorCode.CONFIG_DEVICE_INVALID, "104857600", () -> driver.create(sr, config(small)));
    refused(ErrorCode.CONFIG_DEVICE_INVALID, "read-only", () -> driver.create(sr, config(locked)));
    assertThat(candidate(small)).isEmpty();
    assertThat(candidate(locked)).isEmpty();
  }

  @Test
  void theDiskThatTheHostRunsFromIsRefused() throws Exception {
    Optional<String> root =
        Disks.live().list().stream()
            .filter(disk -> disk.isRootDisk())
            .map(disk -> disk.device().toString())
            .findFirst();
    Assumptions.assumeTrue(root.isPresent(), "the root is on no disk here");
    Assumptions.assumeTrue(
        Privileges.mayMount(HostRoot.live()), "no right to mount here: run as root");

    refused(
        ErrorCode.ROOTDEV,
        root.get(),
        () -> driver.create(sr, new DeviceConfig(Map.of("device", root.get(), "force", "true"))));
  }

  @Test
  void missingAndMalformedDevicesHaveTheirNumbers() {
    refused(
        ErrorCode.CONFIG_DEVICE_MISSING,
        "device",
        () -> driver.create(sr, new DeviceConfig(Map.of())));
    for (String bad : new String[] {"/etc/passwd", "/dev/a,/dev/b", "/dev/../etc", "sdb"}) {
      refused(
          ErrorCode.CONFIG_DEVICE_INVALID,
          bad,
          () -> driver.create(sr, new DeviceConfig(Map.of("device", bad))));
    }
  }

  @Test
  void unpluggingWithAnOpenFileSaysSoAndWorksLater() throws Exception {
    LoopDisk disk = disk(DISK_BYTES);
    driver.create(sr, config(disk));
    Repository repository = attach(config(disk));
    Path open = mountRoot().resolve(sr.toString()).resolve("held");

    try (var held = Files.newOutputStream(open)) {
      held.write(1);
      refused(ErrorCode.LVM_UN_MOUNT, "busy", repository::close);
    }
    Files.delete(open);

    repository.close();
    assertThat(mounted()).isEmpty();
  }

  /// Attaches until the end of the test.
  private Repository attach(DeviceConfig config) throws StorageException {
    Repository repository = driver.attach(sr, config);
    attached.add(repository);
    return repository;
  }

  private LoopDisk disk(long sizeBytes) throws IOException, StorageException {
    return kept(LoopDisk.blank(folder, sizeBytes));
  }

  private LoopDisk kept(LoopDisk disk) {
    disks.add(disk);
    return disk;
  }

  private Path mountRoot() {
    return folder.resolve("mnt");
  }

  private List<Mount> mounted() throws StorageException {
    return Mounts.read(HostRoot.live()).all().stream()
        .filter(mount -> mount.mountPoint().startsWith(mountRoot()))
        .toList();
  }

  private Optional<Candidate> candidate(LoopDisk disk) throws StorageException {
    return driver.probe(new DeviceConfig(Map.of())).candidates().stream()
        .filter(c -> c.details().containsValue(disk.device().toString()))
        .findFirst();
  }

  private static String blkid(LoopDisk disk) throws StorageException {
    return LoopDisk.tool("blkid", "-p", "-o", "export", disk.device().toString());
  }

  private static DeviceConfig config(LoopDisk disk, String... more) {
    Map<String, String> values = new TreeMap<>();
    values.put("device", disk.device().toString());
    for (int i = 0; i < more.length; i += 2) {
      values.put(more[i], more[i + 1]);
    }
    return new DeviceConfig(values);
  }

  private static void refused(ErrorCode code, String saying, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StorageException.class,
            failure -> {
              assertThat(failure.code()).as(failure.getMessage()).isEqualTo(code);
              assertThat(failure.what()).contains(saying);
              assertThat(failure.remedy()).isNotBlank();
            });
  }
}
