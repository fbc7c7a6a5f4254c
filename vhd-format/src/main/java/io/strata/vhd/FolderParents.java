// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import io.strata.block.Container;
import io.strata.block.FileContainer;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/// Finds parents by UUID among the image files of one folder, whatever paths an image names.
/// Symbolic links, files that are no VHD and files that can't be opened are passed over.
public final class FolderParents implements ParentResolver {
  private final Path folder;
  private final Map<UUID, List<Path>> byUuid = new HashMap<>();

  /// Reads the footers of the folder's images, at once.
  public FolderParents(Path folder) throws IOException {
    this.folder = folder;
    for (Path file : VhdFiles.in(folder)) {
      note(file);
    }
  }

  @Override
  public Container open(ParentLink link, String child) throws IOException {
    List<Path> found = byUuid.getOrDefault(link.uuid(), List.of());
    if (found.isEmpty()) {
      throw new VhdRejectedException(
          child
              + " needs the parent "
              + link.uuid()
              + ", which is not among the .vhd files of "
              + folder);
    }
    if (found.size() > 1) {
      throw new VhdRejectedException(
          child
              + " needs the parent "
              + link.uuid()
              + ", and several files have that UUID: "
              + found
              + "; leave one of them in the folder");
    }
    return FileContainer.openReadOnly(found.getFirst());
  }

  private void note(Path file) throws IOException {
    try (FileContainer container = FileContainer.openReadOnly(file)) {
      UUID uuid = Footers.read(container).authoritative(file.toString()).uuid();
      byUuid.computeIfAbsent(uuid, _ -> new ArrayList<>()).add(file);
    } catch (VhdCorruptException | FileSystemException e) {
      // No VHD, none that this user may read, or gone meanwhile: it can't be found by a UUID.
    }
  }
}
