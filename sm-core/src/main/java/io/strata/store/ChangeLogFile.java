// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.Container;
import io.strata.block.GranuleBitmap;
import io.strata.spi.ChangedBlocks.ChangeLog;
import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.zip.CRC32C;

/// A change log in a container of its own. Big-endian; what follows the bitmap is room to grow.
///
/// | offset | bytes | what |
/// |---|---|---|
/// | 0 | 8 | `STRACBT1` |
/// | 8 | 16 | UUID of the VDI from which on |
/// | 24 | 16 | UUID of the VDI up to which |
/// | 40 | 8 | the latter's size in bytes |
/// | 48 | 4 | bytes of a granule: 65536 |
/// | 52 | 4 | CRC-32C of the bytes before, and of the bitmap |
/// | 56 | | the bitmap, granule 0 the most significant bit of the first byte |
final class ChangeLogFile {
  private static final long MAGIC = 0x5354_5241_4342_5431L;
  private static final int CRC_AT = 52;
  private static final int BITMAP_AT = 56;
  private static final long LARGEST_DISK_BYTES = 64L << 40;

  private ChangeLogFile() {}

  /// Writes a log into an empty container, and flushes it.
  static void write(Container container, VdiUuid from, ChangeLog log) throws IOException {
    byte[] bitmap = log.changed().toBytes();
    byte[] content = new byte[BITMAP_AT + bitmap.length];
    ByteBuffer bytes = ByteBuffer.wrap(content);
    bytes.putLong(MAGIC);
    put(bytes, from.value());
    put(bytes, log.next().value());
    bytes.putLong(log.changed().sizeBytes());
    bytes.putInt(GranuleBitmap.GRANULE_BYTES);
    bytes.putInt(checksum(content, bitmap));
    bytes.put(bitmap);
    container.ensureCapacity(bytes.capacity());
    container.write(0, bytes.flip(), Durability.WRITE_BACK);
    container.flush();
  }

  /// Reads a log.
  ///
  /// @throws IOException also for anything that [#write] did not make for this VDI
  static ChangeLog read(Container container, VdiUuid from) throws IOException {
    byte[] start = read(container, 0, BITMAP_AT);
    ByteBuffer header = ByteBuffer.wrap(start);
    if (header.getLong() != MAGIC) {
      throw damaged(container, "it does not begin with STRACBT1");
    }
    UUID owner = uuid(header);
    if (!owner.equals(from.value())) {
      throw damaged(container, "it is the log of " + owner);
    }
    VdiUuid next = new VdiUuid(uuid(header));
    long sizeBytes = header.getLong();
    int granuleBytes = header.getInt();
    if (sizeBytes < 0
        || sizeBytes > LARGEST_DISK_BYTES
        || granuleBytes != GranuleBitmap.GRANULE_BYTES) {
      throw damaged(
          container, "it is of " + sizeBytes + " bytes in granules of " + granuleBytes + " bytes");
    }
    int expected = header.getInt();
    long granules = Math.ceilDiv(sizeBytes, (long) granuleBytes);
    byte[] bitmap = read(container, BITMAP_AT, (int) Math.ceilDiv(granules, 8L));
    int found = checksum(start, bitmap);
    if (found != expected) {
      throw damaged(
          container,
          "its checksum is "
              + Integer.toHexString(found)
              + ", expected "
              + Integer.toHexString(expected));
    }
    return new ChangeLog(next, GranuleBitmap.parse(sizeBytes, bitmap));
  }

  private static byte[] read(Container container, long offset, int length) throws IOException {
    if (offset + length > container.sizeBytes()) {
      throw damaged(container, "it ends at " + container.sizeBytes());
    }
    byte[] bytes = new byte[length];
    container.read(offset, ByteBuffer.wrap(bytes));
    return bytes;
  }

  private static int checksum(byte[] header, byte[] bitmap) {
    CRC32C crc = new CRC32C();
    crc.update(header, 0, CRC_AT);
    crc.update(bitmap);
    return (int) crc.getValue();
  }

  private static void put(ByteBuffer bytes, UUID uuid) {
    bytes.putLong(uuid.getMostSignificantBits()).putLong(uuid.getLeastSignificantBits());
  }

  private static UUID uuid(ByteBuffer bytes) {
    return new UUID(bytes.getLong(), bytes.getLong());
  }

  private static IOException damaged(Container container, String why) {
    return new IOException(container.location() + " is no change log that can be used: " + why);
  }
}
