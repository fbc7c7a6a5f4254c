// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.block.Container;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Reads what one differencing image holds itself, without its parent.
///
/// Owns the container. For one thread.
public final class DifferenceReader implements Closeable {
  private static final int PIECE_BYTES = 256 * 1024;

  private final Layer layer;
  private final ParentLink parent;

  private DifferenceReader(Layer layer, ParentLink parent) {
    this.layer = layer;
    this.parent = parent;
  }

  /// Opens an image.
  ///
  /// @throws VhdRejectedException where it is not a differencing image
  public static DifferenceReader open(Container container) throws IOException {
    try {
      Layer layer = Layer.open(container);
      ParentLink parent =
          layer
              .parent()
              .orElseThrow(() ->
                  new VhdRejectedException(container.location() + " is not a differencing image"));
      return new DifferenceReader(layer, parent);
    } catch (IOException | RuntimeException e) {
      container.close();
      throw e;
    }
  }

  /// What it needs to be put upon.
  public ParentLink parent() {
    return parent;
  }

  /// What the image says of itself.
  public VhdInfo info() throws IOException {
    return layer.info();
  }

  public long sizeBytes() {
    return layer.sizeBytes();
  }

  /// Takes a piece of what the image holds.
  @FunctionalInterface
  public interface PieceVisitor {
    /// @param data whole sectors; valid during the call
    void piece(long offsetBytes, ByteBuffer data) throws IOException;
  }

  /// Visits everything that the image holds, in the disk's order. What it doesn't hold is the
  /// parent's.
  public void pieces(PieceVisitor visitor) throws IOException {
    AllocationTable table = layer.table();
    ByteBuffer buffer = ByteBuffer.allocateDirect(PIECE_BYTES);
    for (int b = table.nextCandidate(0); b < table.blockCount(); b = table.nextCandidate(b + 1)) {
      if (table.sector(b) >= 0) {
        visitBlock(b, buffer, visitor);
      }
    }
  }

  private void visitBlock(int block, ByteBuffer buffer, PieceVisitor visitor) throws IOException {
    int perBlock = layer.geometry().sectorsPerBlock();
    long first = (long) block * perBlock;
    int end = (int) Math.min(perBlock, layer.sizeSectors() - first);
    long[] bits = layer.readBitmap(block);
    for (int sector = 0; sector < end; ) {
      boolean present = SectorBitmap.get(bits, sector);
      int most = Math.min(end, sector + PIECE_BYTES / SECTOR_BYTES);
      int runEnd = SectorBitmap.endOfRun(bits, sector, most, present);
      if (present) {
        buffer.clear().limit((runEnd - sector) * SECTOR_BYTES);
        layer.container().read(layer.dataOffsetBytes(first + sector), buffer);
        visitor.piece((first + sector) * SECTOR_BYTES, buffer.flip());
      }
      sector = runEnd;
    }
  }

  @Override
  public void close() throws IOException {
    layer.close();
  }
}
