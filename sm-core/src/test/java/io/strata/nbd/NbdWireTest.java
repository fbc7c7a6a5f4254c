// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// The layout of every message: its fields follow each other without gap or overlap.
final class NbdWireTest {

  /// Fields by their offset and size, in order.
  private static void assertTiles(int totalBytes, int... offsetsAndSizes) {
    int next = 0;
    for (int i = 0; i < offsetsAndSizes.length; i += 2) {
      assertThat(offsetsAndSizes[i]).as("offset of field %d", i / 2).isEqualTo(next);
      next += offsetsAndSizes[i + 1];
    }
    assertThat(next).isEqualTo(totalBytes);
  }

  @Test
  void requestIsTiledByItsFields() {
    assertTiles(
        NbdWire.REQUEST_BYTES,
        0,
        Integer.BYTES,
        NbdWire.REQUEST_FLAGS,
        Short.BYTES,
        NbdWire.REQUEST_TYPE,
        Short.BYTES,
        NbdWire.REQUEST_COOKIE,
        Long.BYTES,
        NbdWire.REQUEST_OFFSET,
        Long.BYTES,
        NbdWire.REQUEST_LENGTH,
        Integer.BYTES);
  }

  @Test
  void chunkHeaderIsTiledByItsFields() {
    assertTiles(
        NbdWire.CHUNK_BYTES,
        0,
        Integer.BYTES,
        NbdWire.CHUNK_FLAGS,
        Short.BYTES,
        NbdWire.CHUNK_TYPE,
        Short.BYTES,
        NbdWire.CHUNK_COOKIE,
        Long.BYTES,
        NbdWire.CHUNK_LENGTH,
        Integer.BYTES);
  }

  @Test
  void optionHeaderIsTiledByItsFields() {
    assertTiles(
        NbdWire.OPTION_HEADER_BYTES,
        0,
        Long.BYTES,
        NbdWire.OPTION_NUMBER,
        Integer.BYTES,
        NbdWire.OPTION_LENGTH,
        Integer.BYTES);
  }

  @Test
  void messagesWithoutNamedOffsetsAreAsLongAsTheirFields() {
    assertThat(NbdWire.GREETING_BYTES).isEqualTo(2 * Long.BYTES + Short.BYTES);
    assertThat(NbdWire.OPTION_REPLY_HEADER_BYTES).isEqualTo(Long.BYTES + 3 * Integer.BYTES);
    assertThat(NbdWire.EXPORT_NAME_REPLY_BYTES).isEqualTo(Long.BYTES + Short.BYTES);
    assertThat(NbdWire.SIMPLE_REPLY_BYTES).isEqualTo(2 * Integer.BYTES + Long.BYTES);
    assertThat(NbdWire.OFFSET_DATA_BYTES).isEqualTo(Long.BYTES);
    assertThat(NbdWire.OFFSET_HOLE_BYTES).isEqualTo(Long.BYTES + Integer.BYTES);
    assertThat(NbdWire.BLOCK_STATUS_BYTES).isEqualTo(Integer.BYTES);
    assertThat(NbdWire.BLOCK_DESCRIPTOR_BYTES).isEqualTo(2 * Integer.BYTES);
    assertThat(NbdWire.ERROR_BYTES).isEqualTo(Integer.BYTES + Short.BYTES);
    assertThat(NbdWire.ERROR_OFFSET_BYTES).isEqualTo(NbdWire.ERROR_BYTES + Long.BYTES);
  }

  @Test
  void magicNumbersAreTheSpecifications() {
    assertThat(NbdWire.INIT_PASSWD).isEqualTo(ascii("NBDMAGIC"));
    assertThat(NbdWire.IHAVEOPT).isEqualTo(ascii("IHAVEOPT"));
    assertThat(NbdWire.OPTION_REPLY_MAGIC).isEqualTo(0x0003e889045565a9L);
    assertThat(NbdWire.REQUEST_MAGIC).isEqualTo(0x25609513);
    assertThat(NbdWire.SIMPLE_REPLY_MAGIC).isEqualTo(0x67446698);
    assertThat(NbdWire.CHUNK_MAGIC).isEqualTo(0x668e33ef);
  }

  private static long ascii(String eight) {
    long value = 0;
    for (int i = 0; i < eight.length(); i++) {
      value = value << 8 | eight.charAt(i);
    }
    return value;
  }
}
