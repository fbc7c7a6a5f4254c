// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import io.strata.block.Container;
import io.strata.block.FileContainer;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Finds parents by UUID among the image files of one folder, whatever paths an image names.
/// Symbolic links, files that are no VHD and files that can't be opened are passed over.
public final class FolderParents implements ParentResolver {
  private final Path folder;
  private final List<Path> unreadable = new ArrayList<>();
  private @Nullable Map<UUID, List<Path>> byUuid;

  /// Nothing is read before a parent is asked for.
  public FolderParents(Path folder) {
    this.folder = folder;
  }

  @Override
  public synchronized Container open(ParentLink link, String child) throws IOException {
    Map<UUID, List<Path>> known = byUuid == null ? read() : byUuid;
    byUuid = known;
    List<Path> found = known.getOrDefault(link.uuid(), List.of());
    if (found.isEmpty()) {
      throw new VhdRejectedException(
          child
              + " needs the parent "
              + link.uuid()
              + ", which is not among the .vhd files of "
              + folder
              + (unreadable.isEmpty() ? "" : ", of which these can't be read: " + unreadable));
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

  /// Reads the footers of the folder's images.
  private Map<UUID, List<Path>> read() throws IOException {
    Map<UUID, List<Path>> images = new HashMap<>();
    for (Path file : VhdFiles.in(folder)) {
      try (FileContainer container = FileContainer.openReadOnly(file)) {
        UUID uuid = Footers.read(container).authoritative(file.toString()).uuid();
        images.computeIfAbsent(uuid, _ -> new ArrayList<>()).add(file);
      } catch (VhdCorruptException | NoSuchFileException e) {
        // No VHD, or gone meanwhile: it can't be found by a UUID.
      } catch (IOException e) {
        unreadable.add(file);
      }
    }
    return images;
  }
}
