// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.Container;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;

/// The content of a batmap, one bit per block, the most significant bit first.
///
/// It is a hint that must never claim more than the bitmaps hold. Map and checksum are written
/// apart, so a map whose checksum is wrong is taken as empty.
final class Batmap {
  private Batmap() {}

  /// The blocks that are fully present; none where there is no batmap, or where it is not valid.
  static BitSet read(Container container, VhdMetadata metadata) throws IOException {
    BitSet full = new BitSet();
    if (metadata.batmap().isEmpty()) {
      return full;
    }
    BatmapHeader header = metadata.batmap().get();
    ByteBuffer map =
        Bytes.read(container, header.mapOffsetBytes(), header.mapSectors() * SECTOR_BYTES);
    if (Checksums.ofBatmap(map, header.version()) != header.mapChecksum()) {
      return full;
    }
    for (int block = 0; block < metadata.blockCount(); block++) {
      if ((map.get(block >>> 3) & 0x80 >>> (block & 7)) != 0) {
        full.set(block);
      }
    }
    return full;
  }

  /// Writes the map, then the header with its checksum, in the newest version. Not flushed.
  static void write(Container container, VhdMetadata metadata, BitSet full) throws IOException {
    if (metadata.batmap().isEmpty()) {
      return;
    }
    BatmapHeader header = metadata.batmap().get();
    ByteBuffer map = ByteBuffer.allocate(header.mapSectors() * SECTOR_BYTES);
    full.stream().forEach(b -> map.put(b >>> 3, (byte) (map.get(b >>> 3) | 0x80 >>> (b & 7))));
    int checksum = Checksums.ofBatmap(map, VhdLayout.BATMAP_VERSION);
    container.write(header.mapOffsetBytes(), map, Durability.WRITE_BACK);
    DynamicHeader dynamic = metadata.dynamicHeader();
    container.write(
        dynamic.tableOffsetBytes() + metadata.tableBytes(),
        new BatmapHeader(
                header.mapOffsetBytes(), header.mapSectors(), VhdLayout.BATMAP_VERSION, checksum)
            .toBytes(),
        Durability.WRITE_BACK);
  }
}
