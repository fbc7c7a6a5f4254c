// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

/// Offsets and sizes of the structures on disk, all big-endian.
///
/// Sources: VHD specification 1.0 ("Hard Disk Footer Format", "Dynamic Disk Header Format"); blktap
/// `include/vhd.h` for the hidden byte, the batmap and the creators.
public final class VhdLayout {
  public static final int SECTOR_BYTES = 512;
  public static final int PAGE_BYTES = 4096;

  public static final int FOOTER_BYTES = 512;

  /// Images of old tools end in a footer without its last byte.
  public static final int SHORT_FOOTER_BYTES = 511;

  public static final long FOOTER_COOKIE = 0x636f6e6563746978L; // "conectix"
  public static final int FOOTER_COOKIE_AT = 0;
  public static final int FOOTER_FEATURES_AT = 8;
  public static final int FOOTER_VERSION_AT = 12;
  public static final int FOOTER_DATA_OFFSET_AT = 16;
  public static final int FOOTER_TIMESTAMP_AT = 24;
  public static final int FOOTER_CREATOR_APPLICATION_AT = 28;
  public static final int FOOTER_CREATOR_VERSION_AT = 32;
  public static final int FOOTER_CREATOR_OS_AT = 36;
  public static final int FOOTER_ORIGINAL_SIZE_AT = 40;
  public static final int FOOTER_CURRENT_SIZE_AT = 48;
  public static final int FOOTER_GEOMETRY_AT = 56;
  public static final int FOOTER_TYPE_AT = 60;
  public static final int FOOTER_CHECKSUM_AT = 64;
  public static final int FOOTER_UUID_AT = 68;
  public static final int FOOTER_SAVED_STATE_AT = 84;
  public static final int FOOTER_HIDDEN_AT = 85;
  public static final int FOOTER_RESERVED_AT = 86;

  public static final int FORMAT_VERSION = 0x00010000;

  /// The bit of the features that is always set.
  public static final int FEATURES_RESERVED = 0x00000002;

  public static final long NO_DATA_OFFSET = -1L;

  public static final int HEADER_BYTES = 1024;
  public static final long HEADER_COOKIE = 0x6378737061727365L; // "cxsparse"
  public static final int HEADER_COOKIE_AT = 0;
  public static final int HEADER_DATA_OFFSET_AT = 8;
  public static final int HEADER_TABLE_OFFSET_AT = 16;
  public static final int HEADER_VERSION_AT = 24;
  public static final int HEADER_MAX_ENTRIES_AT = 28;
  public static final int HEADER_BLOCK_SIZE_AT = 32;
  public static final int HEADER_CHECKSUM_AT = 36;
  public static final int HEADER_PARENT_UUID_AT = 40;
  public static final int HEADER_PARENT_TIMESTAMP_AT = 56;
  public static final int HEADER_RESERVED_AT = 60;
  public static final int HEADER_PARENT_NAME_AT = 64;
  public static final int HEADER_PARENT_NAME_BYTES = 512;
  public static final int HEADER_LOCATORS_AT = 576;
  public static final int HEADER_LOCATORS = 8;
  public static final int HEADER_TAIL_AT = 768;

  public static final int LOCATOR_BYTES = 24;
  public static final int LOCATOR_CODE_AT = 0;
  public static final int LOCATOR_SPACE_AT = 4;
  public static final int LOCATOR_LENGTH_AT = 8;
  public static final int LOCATOR_RESERVED_AT = 12;
  public static final int LOCATOR_OFFSET_AT = 16;

  /// Longest locator that is read: a path of 4096 characters in UTF-16.
  public static final int LONGEST_LOCATOR_BYTES = 8192;

  public static final int UNALLOCATED = 0xFFFFFFFF;

  /// More entries than any disk has blocks: 2040 GiB in blocks of 4 KiB are fewer.
  public static final int MOST_TABLE_ENTRIES = 1 << 30;

  public static final int DEFAULT_BLOCK_BYTES = 2 << 20;
  public static final int SMALLEST_BLOCK_BYTES = 4096;
  public static final int LARGEST_BLOCK_BYTES = 256 << 20;

  /// 1,044,480 blocks with a stride of 4104 sectors stay below 2^32 sectors.
  public static final long LARGEST_DISK_BYTES = 2040L << 30;

  public static final long BATMAP_COOKIE = 0x746462_61746d6170L; // "tdbatmap"
  public static final int BATMAP_HEADER_BYTES = 512;
  public static final int BATMAP_COOKIE_AT = 0;
  public static final int BATMAP_OFFSET_AT = 8;
  public static final int BATMAP_SECTORS_AT = 16;
  public static final int BATMAP_VERSION_AT = 20;
  public static final int BATMAP_CHECKSUM_AT = 24;
  public static final int BATMAP_MARKER_AT = 28;
  public static final int BATMAP_VERSION = 0x00010002;
  public static final int BATMAP_VERSION_SIGNED = 0x00010001;

  /// Creator "tap\0": readers take the size from the footer, not from the geometry.
  public static final int CREATOR_TAP = 0x74617000;

  public static final int CREATOR_TAP_VERSION = 0x00010003;

  /// Creator "qem2", of images that qemu makes with `force_size=on`: as with "tap\0", and the
  /// geometry is the largest there is, whatever the size. Source: qemu, block/vpc.c.
  public static final int CREATOR_QEMU_SIZED = 0x71656d32;

  /// Seconds from 1970 to 2000 (UTC): timestamps count from there.
  public static final long EPOCH_2000_SECONDS = 946_684_800L;

  private VhdLayout() {}

  /// The next multiple of a unit.
  public static long roundUp(long value, long unit) {
    return Math.ceilDiv(value, unit) * unit;
  }
}
