// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.Optional;

/// Checks the batmap, and the blocks' bitmaps against it.
final class BatmapCheck {
  private BatmapCheck() {}

  /// The batmap, where there is one within the image.
  static Optional<RawBatmap> find(Subject subject, RawFooter footer, RawHeader header)
      throws IOException {
    Optional<RawBatmap> found = RawBatmap.find(subject, header);
    if (found.isEmpty()) {
      if (footer.creator() == VhdLayout.CREATOR_TAP
          && footer.creatorVersion() >= VhdLayout.BATMAP_VERSION) {
        subject.add(
            new BatmapFinding.BatmapMissing(
                subject.at(header.tableOffsetBytes() + header.tableBytes())));
      }
      return Optional.empty();
    }
    RawBatmap batmap = found.get();
    Optional<String> misplaced = batmap.misplaced(subject, header.entries());
    misplaced.ifPresent(expected ->
        subject.add(
            new BatmapFinding.BatmapMisplaced(
                subject.at(batmap.offsetBytes() + VhdLayout.BATMAP_OFFSET_AT),
                batmap.mapOffsetBytes(),
                batmap.mapSectors(),
                expected)));
    return misplaced.isEmpty() ? found : Optional.empty();
  }

  /// The batmap, where nothing else is in its place.
  ///
  /// @param others the other parts of the image
  static Optional<RawBatmap> apart(
      Subject subject, RawHeader header, RawBatmap batmap, Parts others) throws IOException {
    Optional<String> other = others.within(batmap.mapOffsetBytes(), batmap.endBytes());
    if (other.isPresent()) {
      subject.add(
          new BatmapFinding.BatmapOverlaps(
              subject.at(batmap.offsetBytes() + VhdLayout.BATMAP_OFFSET_AT),
              batmap.mapOffsetBytes(),
              batmap.mapSectors(),
              other.get(),
              batmap.putRight(subject, header.entries()).isPresent()));
    }
    return other.isEmpty() ? Optional.of(batmap) : Optional.empty();
  }

  /// Checks version, checksum and that no bit is set where there can be no block.
  ///
  /// @return the blocks claimed to be full, if the map is one to believe
  static BitSet run(Subject subject, RawBatmap batmap, int blockCount) throws IOException {
    if (batmap.version() < VhdLayout.BATMAP_VERSION_SIGNED
        || batmap.version() > VhdLayout.BATMAP_VERSION) {
      subject.add(
          new BatmapFinding.BatmapVersion(
              subject.at(batmap.offsetBytes() + VhdLayout.BATMAP_VERSION_AT), batmap.version()));
    }
    BitSet full = new BitSet();
    ByteBuffer map = batmap.map(subject);
    int computed = batmap.checksum(map);
    if (computed != batmap.storedChecksum()) {
      subject.add(
          new BatmapFinding.BatmapChecksum(
              subject.at(batmap.offsetBytes() + VhdLayout.BATMAP_CHECKSUM_AT),
              computed,
              batmap.storedChecksum()));
      return full;
    }
    for (int block = 0; block < blockCount; block++) {
      if (RawBatmap.bit(map, block)) {
        full.set(block);
      }
    }
    for (int block = blockCount; block < map.capacity() * Byte.SIZE; block++) {
      if (RawBatmap.bit(map, block)) {
        subject.add(new BatmapFinding.BatmapBeyondDisk(where(subject, batmap, block)));
        break;
      }
    }
    return full;
  }

  /// Checks what the batmap claims, and the blocks' data if asked to.
  ///
  /// @param claimed blocks claimed to be full
  static void compare(
      Subject subject,
      BlockTable table,
      RawHeader header,
      Optional<RawBatmap> batmap,
      BitSet claimed,
      long diskBytes,
      boolean data)
      throws IOException {
    BlockCheck blocks = new BlockCheck(subject.container(), header.geometry());
    BitSet absent = (BitSet) claimed.clone();
    for (int i = 0; i < table.size(); i++) {
      int block = table.block(i);
      absent.clear(block);
      boolean full = claimed.get(block);
      if (!full && !data) {
        continue;
      }
      blocks.load(table.offsetBytes(i));
      if (full) {
        int sectors = sectorsOf(block, header, diskBytes);
        int present = blocks.presentSectors(sectors);
        if (present < sectors) {
          subject.add(
              new BatmapFinding.BatmapClaimsPartialBlock(
                  where(subject, batmap.orElseThrow(), block), present, sectors));
        }
      }
      if (data && !full) {
        unused(subject, blocks, table, i, header);
      }
    }
    if (table.sound()) {
      absent.stream()
          .forEach(block ->
              subject.add(
                  new BatmapFinding.BatmapClaimsAbsentBlock(
                      where(subject, batmap.orElseThrow(), block))));
    }
  }

  /// Sectors of a block that belong to the disk.
  static int sectorsOf(int block, RawHeader header, long diskBytes) {
    long left = diskBytes - block * header.blockBytes();
    return (int) (Math.min(left, header.blockBytes()) / SECTOR_BYTES);
  }

  private static void unused(
      Subject subject, BlockCheck blocks, BlockTable table, int i, RawHeader header)
      throws IOException {
    long at = table.offsetBytes(i);
    long[] firstAndCount = {-1, 0};
    blocks.unusedSectors(
        at,
        (offset, length) -> {
          firstAndCount[0] = firstAndCount[0] < 0 ? offset : firstAndCount[0];
          firstAndCount[1] += length / SECTOR_BYTES;
        });
    if (firstAndCount[0] >= 0) {
      long dataAt = at + header.geometry().bitmapBytes();
      subject.add(
          new BitmapFinding.UnusedSectorsNotZero(
              subject.block(firstAndCount[0], table.block(i)),
              (int) ((firstAndCount[0] - dataAt) / SECTOR_BYTES),
              (int) firstAndCount[1],
              blocks.presentSectors(header.geometry().sectorsPerBlock()) > 0));
    }
  }

  private static Where where(Subject subject, RawBatmap batmap, int block) {
    return subject.block(batmap.mapOffsetBytes() + (block >>> 3), block);
  }
}
