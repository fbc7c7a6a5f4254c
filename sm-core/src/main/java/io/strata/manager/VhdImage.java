// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.block.BlockDevice;
import io.strata.block.FileContainer;
import io.strata.block.GranuleBitmap;
import io.strata.block.SparseCopy;
import io.strata.vhd.CompactImage;
import io.strata.vhd.DifferenceReader;
import io.strata.vhd.DifferenceWriter;
import io.strata.vhd.ParentResolver;
import io.strata.vhd.VhdChain;
import io.strata.vhd.VhdCreator;
import io.strata.vhd.VhdInfo;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/// A VHD image on its way in or out, kept in a file of the daemon's own meanwhile: the blocks of a
/// VHD come in any order.
final class VhdImage implements AutoCloseable {
  private final Path file;

  private VhdImage(Path file) {
    this.file = file;
  }

  /// Takes a stream to its end.
  static VhdImage receive(Path folder, InputStream image) throws IOException {
    VhdImage received = new VhdImage(newFile(folder));
    try {
      SpoolFile.receive(image, received.file);
      return received;
    } catch (IOException e) {
      received.close();
      throw spooled(folder, e);
    }
  }

  /// Makes an image of a disk's content.
  static VhdImage of(Path folder, BlockDevice source, UUID uuid, ProgressListener progress)
      throws IOException {
    VhdImage image = new VhdImage(newFile(folder));
    try {
      try (FileContainer container = FileContainer.create(image.file)) {
        VhdCreator.dynamic(container, uuid, source.sizeBytes());
        try (VhdChain chain = VhdChain.open(container, true, ParentResolver.none())) {
          long sizeBytes = source.sizeBytes();
          new SparseCopy(source, chain, true, end -> progress.progress(end, sizeBytes)).copyFrom(0);
          chain.flush();
        }
      }
      return image;
    } catch (IOException e) {
      image.close();
      throw spooled(folder, e);
    }
  }

  /// Makes an image of what changed in a disk since a state of it.
  ///
  /// @param changed granules of the disk
  /// @param baseBytes size of that state: beyond it the image needs no zeroes
  /// @param uuid names the disk's content
  /// @param base names the content that the image needs below it
  static VhdImage difference(
      Path folder,
      BlockDevice source,
      GranuleBitmap changed,
      long baseBytes,
      UUID uuid,
      UUID base,
      ProgressListener progress)
      throws IOException {
    VhdImage image = new VhdImage(newFile(folder));
    try (DifferenceWriter writer =
        DifferenceWriter.create(
            FileContainer.create(image.file), uuid, source.sizeBytes(), base, base + ".vhd")) {
      new DifferenceCopy(source, writer, baseBytes, progress).copy(changed);
      return image;
    } catch (IOException e) {
      image.close();
      throw spooled(folder, e);
    }
  }

  private static IOException spooled(Path folder, IOException e) {
    return TransferFailures.isNoSpace(e) ? new SpoolFullException(folder, e) : e;
  }

  private static Path newFile(Path folder) {
    return folder.resolve(UUID.randomUUID() + ".vhd");
  }

  /// Its content. An image that needs a parent is refused.
  VhdChain open() throws IOException {
    FileContainer container = FileContainer.openReadOnly(file);
    try {
      return VhdChain.open(container, false, ParentResolver.none());
    } catch (IOException e) {
      container.close();
      throw e;
    }
  }

  VhdInfo info() throws IOException {
    try (FileContainer container = FileContainer.openReadOnly(file)) {
      return VhdInfo.read(container);
    }
  }

  /// What it holds itself, if it is a differencing image.
  DifferenceReader openDifference() throws IOException {
    return DifferenceReader.open(FileContainer.openReadOnly(file));
  }

  void send(OutputStream image) throws IOException {
    try (FileContainer container = FileContainer.openReadOnly(file)) {
      CompactImage.send(container, image);
    }
    image.flush();
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(file);
  }
}
