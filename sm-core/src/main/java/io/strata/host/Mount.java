// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// One mounted filesystem.
///
/// @param id the kernel's number of the mount
/// @param device number of the device it lives on; major 0 for filesystems without a block device
/// @param root folder of the filesystem that is mounted: `/`, unless it is a bind mount
/// @param mountPoint where it is seen
/// @param type filesystem type
/// @param source what was mounted, mostly a path below `/dev`
/// @param options options of the mount: `nosuid`, `ro`...
public record Mount(
    int id,
    DeviceNumber device,
    String root,
    Path mountPoint,
    String type,
    String source,
    Set<String> options) {
  private static final int FIXED_FIELDS = 6;
  private static final int FIELDS_AFTER_SEPARATOR = 3;

  public Mount {
    options = Set.copyOf(options);
  }

  /// Reads one line of `/proc/self/mountinfo`; nothing for a line of another form.
  ///
  /// | field | content |
  /// |---|---|
  /// | 1, 2 | mount id, parent's id |
  /// | 3 | major:minor |
  /// | 4, 5 | root, mount point; blanks and the like as `\ooo` |
  /// | 6 | options of the mount |
  /// | 7... | optional fields, ended by `-` |
  /// | then | type, source, options of the superblock |
  ///
  /// Source: proc(5), `/proc/pid/mountinfo`.
  static Optional<Mount> parse(String line) {
    String[] fields = line.strip().split(" ", -1);
    int separator = Arrays.asList(fields).indexOf("-");
    if (separator < FIXED_FIELDS || fields.length < separator + FIELDS_AFTER_SEPARATOR) {
      return Optional.empty();
    }
    if (!fields[0].matches("\\d{1,9}")) {
      return Optional.empty();
    }
    return DeviceNumber.parse(fields[2])
        .map(device ->
            new Mount(
                Integer.parseInt(fields[0]),
                device,
                OctalEscapes.decode(fields[3]),
                Path.of(OctalEscapes.decode(fields[4])),
                fields[separator + 1],
                OctalEscapes.decode(fields[separator + 2]),
                new TreeSet<>(Arrays.asList(fields[5].split(",")))));
  }
}
