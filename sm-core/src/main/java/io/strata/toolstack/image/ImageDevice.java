// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.image;

import io.strata.block.BlockDevice;
import io.strata.block.FileContainer;
import io.strata.manager.ImageFormat;
import io.strata.vhd.FolderParents;
import io.strata.vhd.VhdChain;
import io.strata.vhd.VhdInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/// Opens image files as the disks that they hold.
public final class ImageDevice {
  private ImageDevice() {}

  /// Opens an image; of a VHD its parents too, which must be in the same folder.
  ///
  /// @param format how it is laid out; never guessed
  /// @return the disk; the caller closes it
  public static BlockDevice open(Path file, ImageFormat format, boolean writable)
      throws IOException {
    FileContainer container =
        writable ? FileContainer.openReadWrite(file) : FileContainer.openReadOnly(file);
    return switch (format) {
      case RAW -> container;
      case VHD -> chain(container, file, writable);
    };
  }

  private static VhdChain chain(FileContainer leaf, Path file, boolean writable)
      throws IOException {
    FolderParents parents;
    try {
      parents = parentsOf(file);
    } catch (IOException e) {
      leaf.close();
      throw e;
    }
    return VhdChain.open(leaf, writable, parents);
  }

  /// What a VHD says of itself.
  public static VhdInfo infoOf(Path file) throws IOException {
    try (FileContainer container = FileContainer.openReadOnly(file)) {
      return VhdInfo.read(container);
    }
  }

  /// The images of a file's folder.
  public static FolderParents parentsOf(Path file) throws IOException {
    return new FolderParents(
        Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(Path.of("/")));
  }
}
