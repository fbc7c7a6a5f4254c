// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import java.nio.file.Path;

/// Why a disk or partition is not free.
public sealed interface InUse {

  /// The reason, as an end of the sentence "it is...".
  String reason();

  /// A filesystem on it is mounted.
  record Mounted(Path mountPoint, String type) implements InUse {
    @Override
    public String reason() {
      return "mounted at " + mountPoint + " (" + type + ")";
    }
  }

  /// The host itself runs from it.
  record RootDisk() implements InUse {
    @Override
    public String reason() {
      return "the disk that this host runs from";
    }
  }

  /// The host swaps to it.
  record Swap() implements InUse {
    @Override
    public String reason() {
      return "swap space of this host";
    }
  }

  /// It is part of another device.
  ///
  /// @param holder the kernel's name of that device: `md0`, `dm-3`
  /// @param description what kind it is, and its own name where it has one
  record Held(String holder, String description) implements InUse {
    @Override
    public String reason() {
      return "part of " + description + " (" + holder + ")";
    }
  }

  /// The kernel or a program has it open exclusively, and no other reason shows.
  record OpenExclusively() implements InUse {
    @Override
    public String reason() {
      return "opened exclusively by the kernel or another program";
    }
  }
}
