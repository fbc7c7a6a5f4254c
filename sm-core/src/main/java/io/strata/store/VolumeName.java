// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume.Kind;
import java.util.Optional;

/// What the name of a container says: whose it is, and how the bytes are kept. Content is never
/// looked at for that.
///
/// | name | what |
/// |---|---|
/// | `<vdi-uuid>.vhd` | a VHD |
/// | `<vdi-uuid>.raw` | plain bytes |
/// | `.strata-<vdi-uuid>.new` | a draft: not there yet; dropped when the SR is attached |
/// | `.strata-<vdi-uuid>.cbt` | what changed from it to the next one: see [ChangeLogFile] |
/// | `.strata-<vdi-uuid>.gone` | what it held before it was put back to a snapshot: dropped when the SR is attached |
///
/// @param role what the container is to its volume
record VolumeName(VdiUuid vdi, Role role) {
  private static final String OWN_PREFIX = ".strata-";
  private static final int UUID_LENGTH = 36;

  /// The parts of names that differ.
  enum Role {
    VHD("", ".vhd"),
    RAW("", ".raw"),
    DRAFT(OWN_PREFIX, ".new"),
    CHANGES(OWN_PREFIX, ".cbt"),
    GONE(OWN_PREFIX, ".gone");

    private final String prefix;
    private final String suffix;

    Role(String prefix, String suffix) {
      this.prefix = prefix;
      this.suffix = suffix;
    }
  }

  static String vhd(VdiUuid vdi) {
    return new VolumeName(vdi, Role.VHD).text();
  }

  static String draft(VdiUuid vdi) {
    return new VolumeName(vdi, Role.DRAFT).text();
  }

  static String gone(VdiUuid vdi) {
    return new VolumeName(vdi, Role.GONE).text();
  }

  static String changes(VdiUuid vdi) {
    return new VolumeName(vdi, Role.CHANGES).text();
  }

  static String of(VdiUuid vdi, Kind kind) {
    return new VolumeName(vdi, kind == Kind.RAW ? Role.RAW : Role.VHD).text();
  }

  /// Reads a name; empty for names that are none of ours.
  static Optional<VolumeName> parse(String text) {
    for (Role role : Role.values()) {
      int length = role.prefix.length() + UUID_LENGTH + role.suffix.length();
      if (text.length() != length || !text.startsWith(role.prefix) || !text.endsWith(role.suffix)) {
        continue;
      }
      String uuid = text.substring(role.prefix.length(), role.prefix.length() + UUID_LENGTH);
      try {
        VolumeName name = new VolumeName(VdiUuid.parse(uuid), role);
        // One spelling only, so that a name and its volume are one to one.
        return name.text().equals(text) ? Optional.of(name) : Optional.empty();
      } catch (StorageException notAUuid) {
        return Optional.empty();
      }
    }
    return Optional.empty();
  }

  /// Whether it is a volume, and not something in between.
  boolean isVolume() {
    return role == Role.VHD || role == Role.RAW;
  }

  Kind kind() {
    return role == Role.RAW ? Kind.RAW : Kind.VHD;
  }

  String text() {
    return role.prefix + vdi + role.suffix;
  }
}
