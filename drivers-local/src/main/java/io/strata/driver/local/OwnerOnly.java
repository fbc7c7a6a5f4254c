// SPDX-License-Identifier: Apache-2.0
package io.strata.driver.local;

import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/// Permissions of what holds guests' data: the daemon's user alone.
final class OwnerOnly {
  /// `rwx------`, for folders.
  static final FileAttribute<Set<PosixFilePermission>> FOLDER =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private OwnerOnly() {}
}
