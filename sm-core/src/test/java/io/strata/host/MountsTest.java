// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class MountsTest {
  @TempDir Path folder;

  @Test
  void readsDeviceTypeOptionsAndOptionalFields() throws Exception {
    Mounts mounts =
        read(
            """
            27 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw,discard
            36 27 0:31 / /sys/fs/cgroup rw,nosuid - tmpfs tmpfs rw
            """);

    assertThat(mounts.all()).hasSize(2);
    Mount root = mounts.at(Path.of("/")).orElseThrow();
    assertThat(root.device()).isEqualTo(new DeviceNumber(254, 0));
    assertThat(root.type()).isEqualTo("ext4");
    assertThat(root.source()).isEqualTo("/dev/vda");
    assertThat(root.options()).containsExactlyInAnyOrder("rw", "relatime");
    assertThat(mounts.of(new DeviceNumber(0, 31))).hasSize(1);
  }

  @Test
  void decodesOctalEscapesOfBlanksAndBackslashes() throws Exception {
    Mounts mounts =
        read("40 27 8:1 / /mnt/a\\040b\\011c\\012d\\134040\\303\\244 rw - xfs /dev/sd\\040a rw\n");

    Mount mount = mounts.all().getFirst();
    assertThat(mount.mountPoint().toString()).isEqualTo("/mnt/a b\tc\nd\\040ä");
    assertThat(mount.source()).isEqualTo("/dev/sd a");
  }

  @Test
  void ofTwoMountsAtOnePlaceTheLaterIsSeen() throws Exception {
    Mounts mounts = read("40 27 8:1 / /m rw - xfs /dev/a rw\n41 40 8:2 / /m rw - ext4 /dev/b rw\n");

    assertThat(mounts.at(Path.of("/m")).orElseThrow().source()).isEqualTo("/dev/b");
  }

  @Test
  void passesOverLinesOfAnotherForm() throws Exception {
    assertThat(read("nonsense\n\n40 27 8:1 / /m rw xfs /dev/a rw\n1 2 x / / rw - a b c\n").all())
        .isEmpty();
  }

  @Test
  void anUnreadableListIsAnErrorThatNamesTheFile() {
    assertThatThrownBy(() -> Mounts.read(HostRoot.under(folder)))
        .isInstanceOfSatisfying(
            StorageException.class,
            failure -> {
              assertThat(failure.code()).isEqualTo(ErrorCode.IO_ERROR);
              assertThat(failure.what()).contains("proc/self/mountinfo");
            });
  }

  private Mounts read(String mountinfo) throws Exception {
    Path file = folder.resolve("proc/self/mountinfo");
    Files.createDirectories(file.getParent());
    Files.writeString(file, mountinfo);
    return Mounts.read(HostRoot.under(folder));
  }
}
