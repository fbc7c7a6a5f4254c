// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.block.GranuleBitmap;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/// Where two disks of one tree may differ, told by their metadata alone.
///
/// Below the first image that both chains have, by UUID, both read the same. So they differ at most
/// in sectors that one of the images above it holds: those are marked, whatever their bytes are. A
/// sector that was written with the bytes it had, or trimmed, counts; one that nothing wrote never
/// does. Where the disks differ in size, what only one of them has counts too.
///
/// Reads BATs and bitmaps, no data: time and memory grow with what the images hold that are not
/// common.
public final class ChainDifference {
  private final GranuleBitmap changed;

  private ChainDifference(long sizeBytes) {
    changed = new GranuleBitmap(sizeBytes);
  }

  /// Marks what may differ between two chains.
  ///
  /// One that is open for writing may be written meanwhile: what returned before the call counts,
  /// flushed or not. Neither may be closed meanwhile. Two images of one UUID must be one image:
  /// that is for the caller to know.
  ///
  /// @return granules of the disk `to`
  public static GranuleBitmap between(VhdChain from, VhdChain to) throws IOException {
    ChainDifference difference = new ChainDifference(to.sizeBytes());
    difference.addAbove(from, uuids(to));
    difference.addAbove(to, uuids(from));
    long common = Math.min(from.sizeBytes(), to.sizeBytes());
    difference.changed.mark(common, to.sizeBytes() - common);
    return difference.changed;
  }

  private static Set<UUID> uuids(VhdChain chain) {
    Set<UUID> uuids = new HashSet<>();
    chain.layers().forEach(layer -> uuids.add(layer.uuid()));
    return uuids;
  }

  private void addAbove(VhdChain chain, Set<UUID> others) throws IOException {
    List<Layer> layers = chain.layers();
    for (int i = 0; i < layers.size(); i++) {
      Layer layer = layers.get(i);
      if (others.contains(layer.uuid())) {
        return;
      }
      addLayer(chain, layer, i == 0);
    }
  }

  private void addLayer(VhdChain chain, Layer layer, boolean nearest) throws IOException {
    if (layer.fixed()) {
      changed.mark(0, layer.sizeBytes());
      return;
    }
    AllocationTable table = layer.table();
    for (int b = table.nextCandidate(0); b < table.blockCount(); b = table.nextCandidate(b + 1)) {
      if (table.sector(b) >= 0) {
        addBlock(layer, b, nearest ? chain.presentInLeaf(layer, b) : layer.readBitmap(b));
      }
    }
  }

  private void addBlock(Layer layer, int block, long[] bits) {
    long first = (long) block * layer.geometry().sectorsPerBlock();
    int end = (int) Math.min(layer.geometry().sectorsPerBlock(), layer.sizeSectors() - first);
    for (int sector = 0; sector < end; ) {
      boolean present = SectorBitmap.get(bits, sector);
      int runEnd = SectorBitmap.endOfRun(bits, sector, end, present);
      if (present) {
        changed.mark((first + sector) * SECTOR_BYTES, (long) (runEnd - sector) * SECTOR_BYTES);
      }
      sector = runEnd;
    }
  }
}
