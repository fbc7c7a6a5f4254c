// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import java.util.Optional;

/// What the content of a device says it is.
///
/// @param kind what sort of content
/// @param type its name: `ext4`, `LVM2_member`, `gpt`...
/// @param label what a user called it
/// @param uuid its identity, as its tools print it; not always a UUID
public record Signature(Kind kind, String type, Optional<String> label, Optional<String> uuid) {

  /// Sorts of content.
  public enum Kind {
    /// Files.
    FILESYSTEM,
    /// Partitions.
    PARTITION_TABLE,
    /// Part of a RAID array, a volume group or the like.
    MEMBER,
    /// Encrypted content.
    ENCRYPTED,
    /// Swap space, and whatever else is known.
    OTHER,
    /// Several contents that contradict each other.
    AMBIGUOUS
  }

  /// What it is, in words: `ext4 filesystem "backup"`.
  public String description() {
    String what =
        switch (kind) {
          case FILESYSTEM -> type + " filesystem";
          case PARTITION_TABLE -> type + " partition table";
          case MEMBER -> type;
          case ENCRYPTED -> type + " encrypted volume";
          case OTHER -> type;
          case AMBIGUOUS -> "several signatures at once";
        };
    return label.map(name -> what + " \"" + name + "\"").orElse(what);
  }
}
