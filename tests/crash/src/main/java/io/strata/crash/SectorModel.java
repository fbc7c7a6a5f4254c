// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.BlockDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/// What each sector of a disk may hold if the power goes: what it held at the last flush, or what
/// any write since made of it. The last one is what a reader sees now.
///
/// Immutable. Sectors that are not named hold zeroes.
final class SectorModel {
  static final int SECTOR_BYTES = 512;
  private static final int CHUNK_BYTES = 64 * 1024;
  private static final byte[] ZEROES = new byte[CHUNK_BYTES];
  private static final List<byte[]> ONLY_ZEROES = List.of(new byte[SECTOR_BYTES]);

  private final NavigableMap<Long, List<byte[]>> sectors;

  private SectorModel(NavigableMap<Long, List<byte[]>> sectors) {
    this.sectors = sectors;
  }

  /// A disk of zeroes.
  static SectorModel zeroes() {
    return new SectorModel(new TreeMap<>());
  }

  /// While bytes are written: each sector may be as before or hold them.
  SectorModel writing(long offsetBytes, byte[] bytes) {
    NavigableMap<Long, List<byte[]>> next = new TreeMap<>(sectors);
    forEachPart(
        offsetBytes,
        bytes,
        (sector, inSector, part) ->
            next.put(sector, with(allowed(sector), patched(latest(sector), inSector, part))));
    return new SectorModel(next);
  }

  /// Once bytes were written that are durable on return.
  SectorModel forced(long offsetBytes, byte[] bytes) {
    NavigableMap<Long, List<byte[]>> next = new TreeMap<>(sectors);
    forEachPart(
        offsetBytes,
        bytes,
        (sector, inSector, part) -> {
          List<byte[]> values =
              allowed(sector).stream().map(value -> patched(value, inSector, part)).toList();
          next.put(sector, part.length == SECTOR_BYTES ? List.of(values.getLast()) : values);
        });
    return new SectorModel(next);
  }

  /// Once a flush returned: only the latest value of each.
  SectorModel flushed() {
    NavigableMap<Long, List<byte[]>> next = new TreeMap<>();
    sectors.forEach((sector, values) -> next.put(sector, List.of(values.getLast())));
    return new SectorModel(next);
  }

  /// While the disk becomes another one: each sector may be as in either.
  SectorModel or(SectorModel other) {
    Set<Long> touched = new TreeSet<>(sectors.keySet());
    touched.addAll(other.sectors.keySet());
    NavigableMap<Long, List<byte[]>> next = new TreeMap<>();
    for (long sector : touched) {
      List<byte[]> values = new ArrayList<>(allowed(sector));
      values.addAll(other.allowed(sector));
      next.put(sector, List.copyOf(values));
    }
    return new SectorModel(next);
  }

  /// Once a sector turned out to hold one of its values and can't change any more.
  SectorModel settled(Map<Long, byte[]> observed) {
    NavigableMap<Long, List<byte[]>> next = new TreeMap<>(sectors);
    observed.forEach((sector, value) -> next.put(sector, List.of(value)));
    return new SectorModel(next);
  }

  /// What a reader sees now.
  byte[] latest(long sector) {
    return allowed(sector).getLast();
  }

  /// Every value the sector may have after a crash.
  List<byte[]> allowed(long sector) {
    return sectors.getOrDefault(sector, ONLY_ZEROES);
  }

  /// @throws CrashViolation where the sector holds what it may not
  void check(long sector, byte[] bytes, int at) {
    check(sector, allowed(sector), bytes, at);
  }

  /// With sectors looked at that must be zero, or lie behind a disk that did not grow yet.
  SectorModel watching(long fromBytes, long toBytes) {
    NavigableMap<Long, List<byte[]>> next = new TreeMap<>(sectors);
    for (long at = fromBytes; at < toBytes; at += SECTOR_BYTES) {
      next.putIfAbsent(at / SECTOR_BYTES, ONLY_ZEROES);
    }
    return new SectorModel(next);
  }

  /// As what takes the place of another disk: its sectors are looked at too, and nothing of them
  /// may be seen.
  SectorModel watching(SectorModel other) {
    NavigableMap<Long, List<byte[]>> next = new TreeMap<>(sectors);
    other.sectors.keySet().forEach(sector -> next.putIfAbsent(sector, ONLY_ZEROES));
    return new SectorModel(next);
  }

  /// Reads every sector of the device that ever differed from zero, or may, and checks it. Beyond
  /// the end of the device nothing else than zeroes may be wanted.
  void checkTouched(BlockDevice device) throws IOException {
    checkBeyond(device.sizeBytes());
    byte[] bytes = new byte[SECTOR_BYTES];
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    for (Map.Entry<Long, List<byte[]>> entry : within(device).entrySet()) {
      device.read(entry.getKey() * SECTOR_BYTES, buffer.clear());
      check(entry.getKey(), entry.getValue(), bytes, 0);
    }
  }

  private void checkBeyond(long sizeBytes) {
    sectors
        .tailMap(sizeBytes / SECTOR_BYTES)
        .forEach((sector, values) -> {
          if (values.stream().noneMatch(value -> Arrays.equals(value, ONLY_ZEROES.getFirst()))) {
            throw new CrashViolation(
                "sector %d lies beyond the end, at %d bytes, and holds data (%s)"
                    .formatted(sector, sizeBytes, starts(sector)));
          }
        });
  }

  /// Reads the whole device and checks every sector.
  void checkAll(BlockDevice device) throws IOException {
    byte[] bytes = new byte[CHUNK_BYTES];
    for (long at = 0; at < device.sizeBytes(); at += CHUNK_BYTES) {
      int length = (int) Math.min(CHUNK_BYTES, device.sizeBytes() - at);
      device.read(at, ByteBuffer.wrap(bytes, 0, length));
      long first = at / SECTOR_BYTES;
      boolean named = !sectors.subMap(first, first + length / SECTOR_BYTES).isEmpty();
      if (named || Arrays.mismatch(bytes, 0, length, ZEROES, 0, length) >= 0) {
        for (int i = 0; i < length; i += SECTOR_BYTES) {
          check(first + i / SECTOR_BYTES, bytes, i);
        }
      }
    }
  }

  /// What every sector that ever differed from zero, or may, holds on a device.
  Map<Long, byte[]> observe(BlockDevice device) throws IOException {
    Map<Long, byte[]> observed = new HashMap<>();
    for (long sector : within(device).keySet()) {
      byte[] bytes = new byte[SECTOR_BYTES];
      device.read(sector * SECTOR_BYTES, ByteBuffer.wrap(bytes));
      observed.put(sector, bytes);
    }
    return observed;
  }

  private SortedMap<Long, List<byte[]>> within(BlockDevice device) {
    return sectors.headMap(device.sizeBytes() / SECTOR_BYTES);
  }

  private void check(long sector, List<byte[]> values, byte[] bytes, int at) {
    for (int i = 0; i < values.size(); i++) {
      if (Arrays.equals(values.get(i), 0, SECTOR_BYTES, bytes, at, at + SECTOR_BYTES)) {
        return;
      }
    }
    throw new CrashViolation(
        "sector %d holds %02x %02x.., not one of the %d it may hold (%s)"
            .formatted(sector, bytes[at], bytes[at + 1], allowed(sector).size(), starts(sector)));
  }

  private String starts(long sector) {
    StringBuilder text = new StringBuilder();
    allowed(sector).forEach(v -> text.append("%02x %02x.. ".formatted(v[0], v[1])));
    return text.toString().strip();
  }

  private static List<byte[]> with(List<byte[]> values, byte[] added) {
    byte[][] all = values.toArray(new byte[values.size() + 1][]);
    all[values.size()] = added;
    return List.of(all);
  }

  private static byte[] patched(byte[] value, int at, byte[] part) {
    byte[] copy = value.clone();
    System.arraycopy(part, 0, copy, at, part.length);
    return copy;
  }

  private static void forEachPart(long offsetBytes, byte[] bytes, PartVisitor visitor) {
    int at = 0;
    while (at < bytes.length) {
      long offset = offsetBytes + at;
      int inSector = (int) (offset % SECTOR_BYTES);
      int length = Math.min(SECTOR_BYTES - inSector, bytes.length - at);
      visitor.visit(offset / SECTOR_BYTES, inSector, Arrays.copyOfRange(bytes, at, at + length));
      at += length;
    }
  }

  private interface PartVisitor {
    void visit(long sector, int inSector, byte[] part);
  }
}
