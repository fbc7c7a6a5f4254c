// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import io.strata.block.BlockDevice;
import io.strata.block.FileContainer;
import io.strata.nbd.NbdClient;
import io.strata.vhd.FolderParents;
import io.strata.vhd.VhdChain;
import io.strata.vhd.VhdCreator;
import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;

/// Makes images of the formats that are compared, and fills them alike.
final class Images {
  private Images() {}

  /// What is written to an image.
  @FunctionalInterface
  interface Content {
    void writeTo(BlockDevice disk) throws IOException;
  }

  static void vhd(Path file, long sizeBytes, Content content) throws IOException {
    try (FileContainer container = FileContainer.create(file)) {
      VhdCreator.dynamic(container, UUID.randomUUID(), sizeBytes);
    }
    fillVhd(file, content);
  }

  static void vhdChild(Path file, Path parent, Content content) throws IOException {
    try (FileContainer container = FileContainer.create(file);
        FileContainer below = FileContainer.openReadOnly(parent)) {
      VhdCreator.differencing(
          container, UUID.randomUUID(), below, String.valueOf(parent.getFileName()));
    }
    fillVhd(file, content);
  }

  static void fillVhd(Path file, Content content) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null) {
      throw new IllegalArgumentException(file + " is in no folder");
    }
    try (VhdChain chain =
        VhdChain.open(FileContainer.openReadWrite(file), true, new FolderParents(folder))) {
      content.writeTo(chain);
      chain.flush();
    }
  }

  static void raw(Path file, long sizeBytes, Content content) throws IOException {
    try (FileContainer container = FileContainer.create(file)) {
      container.ensureCapacity(sizeBytes);
      content.writeTo(container);
      container.flush();
    }
  }

  /// @param format of `qemu-img`
  static void qemu(Path file, String format, long sizeBytes, Content content)
      throws IOException, InterruptedException {
    Command.run(
        "qemu-img", "create", "-q", "-f", format, file.toString(), Long.toString(sizeBytes));
    fillQemu(file, format, content);
  }

  static void qcow2Child(Path file, Path parent, Content content)
      throws IOException, InterruptedException {
    Command.run(
        "qemu-img",
        "create",
        "-q",
        "-f",
        "qcow2",
        "-F",
        "qcow2",
        "-b",
        parent.toString(),
        file.toString());
    fillQemu(file, "qcow2", content);
  }

  static void fillQemu(Path file, String format, Content content)
      throws IOException, InterruptedException {
    Path socket = Path.of(file + ".sock");
    try (ServerProcess server =
            ServerProcess.start(Peer.qemu(format, "unsafe").line(file, socket, false), socket);
        NbdClient disk = server.client()) {
      content.writeTo(disk);
    }
  }

  /// A copy that keeps holes.
  static void copy(Path from, Path to) throws IOException, InterruptedException {
    Command.run("cp", "--sparse=always", from.toString(), to.toString());
  }

  /// Reads a file from the medium, so that the page cache holds it as after any such reader,
  /// whatever was done to it before.
  static void readAnew(Path file) throws IOException, InterruptedException {
    Command.run("dd", "status=none", "if=" + file, "iflag=nocache", "count=0");
    read(file);
  }

  static void read(Path file) throws IOException, InterruptedException {
    Command.run("dd", "status=none", "if=" + file, "of=/dev/null", "bs=1M");
  }

  /// Storage that a file takes, in MiB.
  static double storageMib(Path file) throws IOException, InterruptedException {
    String blocks = Command.run("stat", "-c", "%b", file.toString()).strip();
    return Long.parseLong(blocks) * 512.0 / (1 << 20);
  }
}
