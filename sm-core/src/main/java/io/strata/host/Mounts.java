// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// What is mounted on the host, at one moment.
///
/// @param all in the kernel's order: of two mounts at one place, the later one is seen
public record Mounts(List<Mount> all) {

  public Mounts {
    all = List.copyOf(all);
  }

  /// Reads what is mounted now, as this process sees it.
  public static Mounts read(HostRoot root) throws StorageException {
    Path file = root.proc().resolve("self/mountinfo");
    try {
      String content = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
      return new Mounts(content.lines().flatMap(line -> Mount.parse(line).stream()).toList());
    } catch (IOException failed) {
      throw new StorageException(
          ErrorCode.IO_ERROR,
          "The list of mounts " + file + " can't be read: " + failed + ".",
          "Check that /proc is mounted and readable for the daemon.",
          failed);
    }
  }

  /// What is seen at a place, where something is mounted exactly there.
  public Optional<Mount> at(Path mountPoint) {
    return all.stream().filter(m -> m.mountPoint().equals(mountPoint)).reduce((a, b) -> b);
  }

  /// Every mount of a block device.
  public List<Mount> of(DeviceNumber device) {
    return all.stream().filter(m -> m.device().equals(device)).toList();
  }
}
