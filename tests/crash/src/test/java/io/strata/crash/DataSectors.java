// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static io.strata.crash.SectorModel.SECTOR_BYTES;

import io.strata.block.Container;
import io.strata.block.sim.FaultHit;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// Which sectors of a disk the data in its images are, read with nothing of the engine under test.
final class DataSectors {
  private final List<Place> places;
  private final Map<String, Set<Long>> footers;

  /// Data of a disk that lie together in an image.
  ///
  /// @param image its location
  /// @param firstSector of the disk
  private record Place(String image, long startBytes, long endBytes, long firstSector) {
    boolean has(String what, long offsetBytes, long endOffsetBytes) {
      return what.equals(image) && offsetBytes >= startBytes && endOffsetBytes <= endBytes;
    }

    void addTo(Set<Long> sectors, long offsetBytes, long endOffsetBytes) {
      long first = (offsetBytes - startBytes) / SECTOR_BYTES;
      long end = Math.ceilDiv(endOffsetBytes - startBytes, (long) SECTOR_BYTES);
      for (long sector = first; sector < end; sector++) {
        sectors.add(firstSector + sector);
      }
    }
  }

  private DataSectors(List<Place> places, Map<String, Set<Long>> footers) {
    this.places = places;
    this.footers = footers;
  }

  /// @param images by their locations
  /// @param footers the offsets that footers were ever written at, by the location of their image:
  ///   data may be there now
  static DataSectors read(Map<String, ? extends Container> images, Map<String, Set<Long>> footers)
      throws IOException {
    List<Place> places = new ArrayList<>();
    for (Map.Entry<String, ? extends Container> image : images.entrySet()) {
      addPlaces(places, image.getKey(), image.getValue());
    }
    return new DataSectors(places, footers);
  }

  private static void addPlaces(List<Place> places, String name, Container image)
      throws IOException {
    if (RawTable.read(image, 0, Long.BYTES).getLong() != FooterWrites.COOKIE) {
      places.add(new Place(name, 0, image.sizeBytes() - SECTOR_BYTES, 0));
      return;
    }
    RawTable table = RawTable.read(image);
    long[] sectors = table.sectors(image);
    for (int block = 0; block < sectors.length; block++) {
      if (sectors[block] != RawTable.UNALLOCATED) {
        long start = (sectors[block] + table.bitmapSectors()) * SECTOR_BYTES;
        long firstSector = (long) block * table.sectorsPerBlock();
        places.add(new Place(name, start, start + table.blockBytes(), firstSector));
      }
    }
  }

  /// The sectors that a fault may have damaged, which said nothing; empty where it hit anything but
  /// data.
  Optional<Set<Long>> damagedBy(FaultHit hit) {
    Set<Long> damaged = new TreeSet<>();
    boolean data = add(damaged, hit.what(), hit.offsetBytes(), hit.lengthBytes());
    if (hit.landedBytes().isPresent()) {
      data &= add(damaged, hit.what(), hit.landedBytes().getAsLong(), hit.lengthBytes());
    }
    return data ? Optional.of(damaged) : Optional.empty();
  }

  /// Whether such bytes of an image are data.
  boolean areData(String image, long offsetBytes, long lengthBytes) {
    return add(new TreeSet<>(), image, offsetBytes, lengthBytes);
  }

  private boolean add(Set<Long> sectors, String image, long offsetBytes, long lengthBytes) {
    long endBytes = offsetBytes + lengthBytes;
    if (footers.getOrDefault(image, Set.of()).stream()
        .anyMatch(at -> at < endBytes && at + SECTOR_BYTES > offsetBytes)) {
      return false;
    }
    for (Place place : places) {
      if (place.has(image, offsetBytes, endBytes)) {
        place.addTo(sectors, offsetBytes, endBytes);
        return true;
      }
    }
    return false;
  }
}
