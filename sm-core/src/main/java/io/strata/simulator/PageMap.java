// SPDX-License-Identifier: Apache-2.0
package io.strata.simulator;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/// A volume of the simulated array: its size, and which page holds which part of it. Parts without
/// a page read as zeroes.
///
/// File: int64 size in bytes, int32 number of entries, then per entry int32 part and int32 page;
/// big-endian.
final class PageMap {
  private static final int HEADER_BYTES = Long.BYTES + Integer.BYTES;
  private static final int ENTRY_BYTES = 2 * Integer.BYTES;

  long sizeBytes;
  final Map<Integer, Integer> pages;

  PageMap(long sizeBytes, Map<Integer, Integer> pages) {
    this.sizeBytes = sizeBytes;
    this.pages = new HashMap<>(pages);
  }

  static PageMap parse(String location, byte[] content) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(content);
    if (content.length < HEADER_BYTES) {
      throw new IOException(location + " is " + content.length + " bytes short of a map");
    }
    PageMap map = new PageMap(bytes.getLong(), Map.of());
    int entries = bytes.getInt();
    if (bytes.remaining() != (long) entries * ENTRY_BYTES) {
      throw new IOException(
          location + " has " + bytes.remaining() + " bytes for " + entries + " entries");
    }
    for (int i = 0; i < entries; i++) {
      map.pages.put(bytes.getInt(), bytes.getInt());
    }
    return map;
  }

  byte[] toBytes() {
    ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES + pages.size() * ENTRY_BYTES);
    bytes.putLong(sizeBytes).putInt(pages.size());
    pages.forEach((part, page) -> bytes.putInt(part).putInt(page));
    return bytes.array();
  }

  PageMap copy() {
    return new PageMap(sizeBytes, pages);
  }
}
