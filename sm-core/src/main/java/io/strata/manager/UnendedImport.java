// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.VdiRecord;
import java.util.Optional;

/// An import over a disk that has not ended, as the disk's content id says it: from before the
/// first byte is written until the import's end, or that of a later one.
///
/// @param base names the content that the image needs below it, where it is an increment
/// @param image names the content that the image makes, where that is known
record UnendedImport(Optional<String> base, Optional<String> image) {
  private static final String PREFIX = "importing:";

  /// What a disk's content id is meanwhile. No content has such a name.
  String contentId() {
    return PREFIX + image.orElse("") + ":" + base.orElse("");
  }

  /// The one that a disk holds a part of.
  static Optional<UnendedImport> of(VdiRecord vdi) {
    return vdi.contentId()
        .filter(id -> id.startsWith(PREFIX))
        .map(id -> {
          String[] names = id.substring(PREFIX.length()).split(":", 2);
          return new UnendedImport(named(names[1]), named(names[0]));
        });
  }

  private static Optional<String> named(String name) {
    return Optional.of(name).filter(text -> !text.isEmpty());
  }
}
