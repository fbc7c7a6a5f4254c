// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

/// Offsets and sizes of the structures on disk, all big-endian.
///
/// Sources: VHD specification 1.0 ("Hard Disk Footer Format", "Dynamic Disk Header Format"); blktap
/// `include/vhd.h` for the hidden byte, the batmap and the creators.
final class VhdLayout {
  static final int SECTOR_BYTES = 512;
  static final int PAGE_BYTES = 4096;

  static final int FOOTER_BYTES = 512;

  /// Images of old tools end in a footer without its last byte.
  static final int SHORT_FOOTER_BYTES = 511;

  static final long FOOTER_COOKIE = 0x636f6e6563746978L; // "conectix"
  static final int FOOTER_COOKIE_AT = 0;
  static final int FOOTER_FEATURES_AT = 8;
  static final int FOOTER_VERSION_AT = 12;
  static final int FOOTER_DATA_OFFSET_AT = 16;
  static final int FOOTER_TIMESTAMP_AT = 24;
  static final int FOOTER_CREATOR_APPLICATION_AT = 28;
  static final int FOOTER_CREATOR_VERSION_AT = 32;
  static final int FOOTER_CREATOR_OS_AT = 36;
  static final int FOOTER_ORIGINAL_SIZE_AT = 40;
  static final int FOOTER_CURRENT_SIZE_AT = 48;
  static final int FOOTER_GEOMETRY_AT = 56;
  static final int FOOTER_TYPE_AT = 60;
  static final int FOOTER_CHECKSUM_AT = 64;
  static final int FOOTER_UUID_AT = 68;
  static final int FOOTER_SAVED_STATE_AT = 84;
  static final int FOOTER_HIDDEN_AT = 85;
  static final int FOOTER_RESERVED_AT = 86;

  static final int FORMAT_VERSION = 0x00010000;

  /// The bit of the features that is always set.
  static final int FEATURES_RESERVED = 0x00000002;

  static final long NO_DATA_OFFSET = -1L;

  static final int HEADER_BYTES = 1024;
  static final long HEADER_COOKIE = 0x6378737061727365L; // "cxsparse"
  static final int HEADER_COOKIE_AT = 0;
  static final int HEADER_DATA_OFFSET_AT = 8;
  static final int HEADER_TABLE_OFFSET_AT = 16;
  static final int HEADER_VERSION_AT = 24;
  static final int HEADER_MAX_ENTRIES_AT = 28;
  static final int HEADER_BLOCK_SIZE_AT = 32;
  static final int HEADER_CHECKSUM_AT = 36;
  static final int HEADER_PARENT_UUID_AT = 40;
  static final int HEADER_PARENT_TIMESTAMP_AT = 56;
  static final int HEADER_RESERVED_AT = 60;
  static final int HEADER_PARENT_NAME_AT = 64;
  static final int HEADER_PARENT_NAME_BYTES = 512;
  static final int HEADER_LOCATORS_AT = 576;
  static final int HEADER_LOCATORS = 8;
  static final int HEADER_TAIL_AT = 768;

  static final int LOCATOR_BYTES = 24;
  static final int LOCATOR_CODE_AT = 0;
  static final int LOCATOR_SPACE_AT = 4;
  static final int LOCATOR_LENGTH_AT = 8;
  static final int LOCATOR_RESERVED_AT = 12;
  static final int LOCATOR_OFFSET_AT = 16;

  /// Longest locator that is read: a path of 4096 characters in UTF-16.
  static final int LONGEST_LOCATOR_BYTES = 8192;

  static final int UNALLOCATED = 0xFFFFFFFF;

  static final int DEFAULT_BLOCK_BYTES = 2 << 20;
  static final int SMALLEST_BLOCK_BYTES = 4096;
  static final int LARGEST_BLOCK_BYTES = 256 << 20;

  /// 1,044,480 blocks with a stride of 4104 sectors stay below 2^32 sectors.
  static final long LARGEST_DISK_BYTES = 2040L << 30;

  static final long BATMAP_COOKIE = 0x746462_61746d6170L; // "tdbatmap"
  static final int BATMAP_HEADER_BYTES = 512;
  static final int BATMAP_COOKIE_AT = 0;
  static final int BATMAP_OFFSET_AT = 8;
  static final int BATMAP_SECTORS_AT = 16;
  static final int BATMAP_VERSION_AT = 20;
  static final int BATMAP_CHECKSUM_AT = 24;
  static final int BATMAP_MARKER_AT = 28;
  static final int BATMAP_VERSION = 0x00010002;

  /// Creator "tap\0": readers take the size from the footer, not from the geometry.
  static final int CREATOR_TAP = 0x74617000;

  static final int CREATOR_TAP_VERSION = 0x00010003;

  /// Seconds from 1970 to 2000 (UTC): timestamps count from there.
  static final long EPOCH_2000_SECONDS = 946_684_800L;

  private VhdLayout() {}

  static long roundUp(long value, long unit) {
    return Math.ceilDiv(value, unit) * unit;
  }
}
