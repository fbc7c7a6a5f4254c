// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/// The offsets tile their structures: no byte belongs to two fields, or to none.
final class VhdLayoutTest {

  private record Field(int at, int length) {}

  @Test
  void fieldsTileTheFooter() {
    assertTiles(
        VhdLayout.FOOTER_BYTES,
        new Field(VhdLayout.FOOTER_COOKIE_AT, 8),
        new Field(VhdLayout.FOOTER_FEATURES_AT, 4),
        new Field(VhdLayout.FOOTER_VERSION_AT, 4),
        new Field(VhdLayout.FOOTER_DATA_OFFSET_AT, 8),
        new Field(VhdLayout.FOOTER_TIMESTAMP_AT, 4),
        new Field(VhdLayout.FOOTER_CREATOR_APPLICATION_AT, 4),
        new Field(VhdLayout.FOOTER_CREATOR_VERSION_AT, 4),
        new Field(VhdLayout.FOOTER_CREATOR_OS_AT, 4),
        new Field(VhdLayout.FOOTER_ORIGINAL_SIZE_AT, 8),
        new Field(VhdLayout.FOOTER_CURRENT_SIZE_AT, 8),
        new Field(VhdLayout.FOOTER_GEOMETRY_AT, 4),
        new Field(VhdLayout.FOOTER_TYPE_AT, 4),
        new Field(VhdLayout.FOOTER_CHECKSUM_AT, 4),
        new Field(VhdLayout.FOOTER_UUID_AT, 16),
        new Field(VhdLayout.FOOTER_SAVED_STATE_AT, 1),
        new Field(VhdLayout.FOOTER_HIDDEN_AT, 1),
        new Field(VhdLayout.FOOTER_RESERVED_AT, 426));
  }

  @Test
  void fieldsTileTheHeader() {
    assertTiles(
        VhdLayout.HEADER_BYTES,
        new Field(VhdLayout.HEADER_COOKIE_AT, 8),
        new Field(VhdLayout.HEADER_DATA_OFFSET_AT, 8),
        new Field(VhdLayout.HEADER_TABLE_OFFSET_AT, 8),
        new Field(VhdLayout.HEADER_VERSION_AT, 4),
        new Field(VhdLayout.HEADER_MAX_ENTRIES_AT, 4),
        new Field(VhdLayout.HEADER_BLOCK_SIZE_AT, 4),
        new Field(VhdLayout.HEADER_CHECKSUM_AT, 4),
        new Field(VhdLayout.HEADER_PARENT_UUID_AT, 16),
        new Field(VhdLayout.HEADER_PARENT_TIMESTAMP_AT, 4),
        new Field(VhdLayout.HEADER_RESERVED_AT, 4),
        new Field(VhdLayout.HEADER_PARENT_NAME_AT, VhdLayout.HEADER_PARENT_NAME_BYTES),
        new Field(
            VhdLayout.HEADER_LOCATORS_AT, VhdLayout.HEADER_LOCATORS * VhdLayout.LOCATOR_BYTES),
        new Field(VhdLayout.HEADER_TAIL_AT, 256));
  }

  @Test
  void fieldsTileALocator() {
    assertTiles(
        VhdLayout.LOCATOR_BYTES,
        new Field(VhdLayout.LOCATOR_CODE_AT, 4),
        new Field(VhdLayout.LOCATOR_SPACE_AT, 4),
        new Field(VhdLayout.LOCATOR_LENGTH_AT, 4),
        new Field(VhdLayout.LOCATOR_RESERVED_AT, 4),
        new Field(VhdLayout.LOCATOR_OFFSET_AT, 8));
  }

  @Test
  void fieldsTileTheFieldsOfABatmapHeader() {
    assertTiles(
        VhdLayout.BATMAP_MARKER_AT,
        new Field(VhdLayout.BATMAP_COOKIE_AT, 8),
        new Field(VhdLayout.BATMAP_OFFSET_AT, 8),
        new Field(VhdLayout.BATMAP_SECTORS_AT, 4),
        new Field(VhdLayout.BATMAP_VERSION_AT, 4),
        new Field(VhdLayout.BATMAP_CHECKSUM_AT, 4));
  }

  @Test
  void cookiesAreTheirLetters() {
    assertThat(letters(VhdLayout.FOOTER_COOKIE)).isEqualTo("conectix");
    assertThat(letters(VhdLayout.HEADER_COOKIE)).isEqualTo("cxsparse");
    assertThat(letters(VhdLayout.BATMAP_COOKIE)).isEqualTo("tdbatmap");
    assertThat(letters((long) VhdLayout.CREATOR_TAP << 32)).startsWith("tap\0");
  }

  @Test
  void largestDiskStaysBelowTheLastSectorNumber() {
    BlockGeometry geometry = new BlockGeometry(VhdLayout.DEFAULT_BLOCK_BYTES);
    long blocks = VhdLayout.LARGEST_DISK_BYTES / VhdLayout.DEFAULT_BLOCK_BYTES;
    assertThat(blocks).isEqualTo(1_044_480);
    assertThat(geometry.strideSectors()).isEqualTo(4104);
    assertThat(blocks * geometry.strideSectors()).isLessThan(0xFFFF_FFFFL - 4104);
  }

  private static void assertTiles(int size, Field... fields) {
    int at = 0;
    for (Field field : List.of(fields)) {
      assertThat(field.at()).isEqualTo(at);
      at += field.length();
    }
    assertThat(at).isEqualTo(size);
  }

  private static String letters(long value) {
    StringBuilder text = new StringBuilder();
    for (int shift = 56; shift >= 0; shift -= 8) {
      text.append((char) (value >>> shift & 0xFF));
    }
    return text.toString();
  }
}
