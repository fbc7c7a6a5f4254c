// SPDX-License-Identifier: Apache-2.0
package io.strata.interop;

import io.strata.block.FileContainer;
import io.strata.vhd.FolderParents;
import io.strata.vhd.VhdChain;
import io.strata.vhd.VhdCreator;
import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;

/// VHD files that lie side by side, as in a directory SR.
record VhdFolder(Path directory) {

  Path file(String name) {
    return directory.resolve(name + ".vhd");
  }

  Path createDynamic(String name, long sizeBytes) throws IOException {
    try (FileContainer container = FileContainer.create(file(name))) {
      VhdCreator.dynamic(container, UUID.randomUUID(), sizeBytes);
    }
    return file(name);
  }

  Path createFixed(String name, long sizeBytes) throws IOException {
    try (FileContainer container = FileContainer.create(file(name))) {
      VhdCreator.fixed(container, UUID.randomUUID(), sizeBytes);
    }
    return file(name);
  }

  Path createChild(String name, String parent) throws IOException {
    try (FileContainer container = FileContainer.create(file(name));
        FileContainer base = FileContainer.openReadOnly(file(parent))) {
      VhdCreator.differencing(container, UUID.randomUUID(), base, parent + ".vhd");
    }
    return file(name);
  }

  VhdChain openReadWrite(String name) throws IOException {
    return VhdChain.open(
        FileContainer.openReadWrite(file(name)), true, new FolderParents(directory));
  }

  VhdChain openReadOnly(String name) throws IOException {
    return VhdChain.open(
        FileContainer.openReadOnly(file(name)), false, new FolderParents(directory));
  }
}
