// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.block.Container;
import io.strata.block.FileContainer;
import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.toolstack.Rendering;
import io.strata.toolstack.image.ImageDevice;
import io.strata.toolstack.image.ImageLock;
import io.strata.vhd.DiskType;
import io.strata.vhd.ParentLink;
import io.strata.vhd.TargetUse;
import io.strata.vhd.VhdFiles;
import io.strata.vhd.VhdInfo;
import io.strata.vhd.VhdMerge;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/// Merges a VHD file into its parent in the same folder, without a daemon. The child stays as it
/// is, and reads the same; the parent then holds all of it. Merging again does no harm.
final class VhdCoalesce {
  private final Terminal terminal;

  VhdCoalesce(Terminal terminal) {
    this.terminal = terminal;
  }

  int run(Path child) throws IOException, StorageException {
    ParentLink link = linkOf(child);
    Path parent;
    try (Container opened = ImageDevice.parentsOf(child).open(link, child.toString())) {
      parent = Path.of(opened.location());
    }
    // Under the lock nobody makes another child, which reads its parent meanwhile.
    try (ImageLock _ = ImageLock.writing(parent);
        ImageLock _ = ImageLock.reading(child)) {
      refuseSiblings(child, parent, link.uuid());
      refuseOtherSize(child, parent);
      merge(child, parent);
    }
    terminal
        .out()
        .println(
            Rendering.escaped(parent.toString())
                + " holds all of "
                + Rendering.escaped(child.toString())
                + " now, which can be removed if nothing else needs it");
    return 0;
  }

  private static ParentLink linkOf(Path child) throws IOException, StorageException {
    VhdInfo info = ImageDevice.infoOf(child);
    if (info.type() != DiskType.DIFFERENCING) {
      throw new StorageException(
          ErrorCode.INVALID_ARG,
          child + " is " + info.type().name().toLowerCase(Locale.ROOT) + " and has no parent.",
          "Name a differencing VHD.");
    }
    return info.parent().orElseThrow();
  }

  private static void refuseOtherSize(Path child, Path parent)
      throws IOException, StorageException {
    long childBytes = ImageDevice.infoOf(child).sizeBytes();
    long parentBytes = ImageDevice.infoOf(parent).sizeBytes();
    if (parentBytes != childBytes) {
      throw new StorageException(
          ErrorCode.VDI_SIZE,
          child + " has " + childBytes + " bytes, its parent " + parent + " " + parentBytes + ".",
          parentBytes < childBytes
              ? "Resize the parent first: strata vhd resize " + parent + " " + childBytes + "."
              : "A child can't be smaller than its parent: look for the parent that it was made"
                  + " over.");
    }
  }

  private void merge(Path child, Path parent) throws IOException {
    FileContainer above = FileContainer.openReadOnly(child);
    FileContainer below;
    try {
      below = FileContainer.openReadWrite(parent);
    } catch (IOException e) {
      above.close();
      throw e;
    }
    try (VhdMerge merge = VhdMerge.open(List.of(above, below), 1, TargetUse.EXCLUSIVE);
        ProgressLine progress = new ProgressLine("coalesce", terminal.err(), terminal.live())) {
      long total = merge.estimateBytes();
      long[] done = {0};
      merge.run(
          0,
          bytes -> {
            done[0] += bytes;
            progress.progress(Math.min(done[0], total), total);
          });
      progress.finish();
    }
  }

  /// What the child holds must not reach others that read through the same parent, whatever their
  /// names.
  private static void refuseSiblings(Path child, Path parent, UUID parentUuid)
      throws IOException, StorageException {
    Path folder = Optional.ofNullable(child.toAbsolutePath().getParent()).orElse(Path.of("/"));
    for (Path file : VhdFiles.regular(folder)) {
      if (names(file, parentUuid) && !Files.isSameFile(file, child)) {
        throw new StorageException(
            ErrorCode.VDI_IN_USE,
            file + " depends on " + parent + " too, and would change.",
            "Copy one of them with strata vhd convert, then remove it.");
      }
    }
  }

  private static boolean names(Path file, UUID parentUuid) throws StorageException {
    try (FileContainer container = FileContainer.openReadOnly(file)) {
      return (VhdFiles.isNamed(file) || VhdFiles.looksLikeImage(container))
          && VhdInfo.read(container)
              .parent()
              .map(ParentLink::uuid)
              .filter(parentUuid::equals)
              .isPresent();
    } catch (NoSuchFileException gone) {
      return false;
    } catch (IOException e) {
      throw new StorageException(
          ErrorCode.VDI_LOAD,
          file + " can't be read and may depend on the parent: " + e.getMessage() + ".",
          "Repair it or move it to another folder.",
          e);
    }
  }
}
