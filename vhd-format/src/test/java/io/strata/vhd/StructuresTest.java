// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Structures survive being written and read, wherever in a buffer.
final class StructuresTest {
  private static final UUID PARENT = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7, 512, 1000})
  void footerIsReadAsItWasWritten(int start) throws VhdCorruptException {
    for (DiskType type : DiskType.values()) {
      VhdFooter footer =
          VhdFooter.create(type, PARENT, 12345L * 512, 512, 0x89ABCDEF).withHidden(true);
      ByteBuffer buffer = noise(start + VhdLayout.FOOTER_BYTES + 9);
      footer.writeTo(buffer.position(start));
      assertThat(buffer.position()).isEqualTo(start + VhdLayout.FOOTER_BYTES);
      assertThat(VhdFooter.parse(buffer, start, "x", 0)).isEqualTo(footer);
      assertUntouched(buffer, start, VhdLayout.FOOTER_BYTES);
    }
  }

  @Test
  void footerHasTheSpecifiedBytes() {
    ByteBuffer bytes =
        VhdFooter.create(DiskType.DYNAMIC, PARENT, 1L << 30, 512, 0x01020304).toBytes();
    assertThat(bytes.getLong(0)).isEqualTo(0x636f6e6563746978L);
    assertThat(bytes.getInt(8)).isEqualTo(2);
    assertThat(bytes.getInt(12)).isEqualTo(0x00010000);
    assertThat(bytes.getLong(16)).isEqualTo(512);
    assertThat(bytes.getInt(24)).isEqualTo(0x01020304);
    assertThat(bytes.getLong(48)).isEqualTo(1L << 30);
    assertThat(bytes.getInt(56)).isEqualTo(2080 << 16 | 16 << 8 | 63);
    assertThat(bytes.getInt(60)).isEqualTo(3);
    assertThat(bytes.getLong(68)).isEqualTo(0x0011223344556677L);
    assertThat(bytes.getLong(76)).isEqualTo(0x8899aabbccddeeffL);
    int sum = 0;
    for (int i = 0; i < 512; i++) {
      sum += i >= 64 && i < 68 ? 0 : bytes.get(i) & 0xFF;
    }
    assertThat(bytes.getInt(64)).isEqualTo(~sum);
  }

  @Test
  void everyBitOfAFooterIsCoveredByItsChecksum() {
    VhdFooter footer = VhdFooter.create(DiskType.FIXED, PARENT, 512, 0, 1);
    for (int bit = 0; bit < VhdLayout.FOOTER_BYTES * Byte.SIZE; bit++) {
      ByteBuffer bytes = footer.toBytes();
      bytes.put(bit / 8, (byte) (bytes.get(bit / 8) ^ 1 << bit % 8));
      assertThatThrownBy(() -> VhdFooter.parse(bytes, 0, "a.vhd", 4096))
          .isInstanceOf(VhdCorruptException.class)
          .hasMessageContainingAll("a.vhd", "expected", "found");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 512, 1000})
  void headerIsReadAsItWasWritten(int start) throws VhdCorruptException {
    DynamicHeader header =
        new DynamicHeader(8192, 4000, 2 << 20, PARENT, -5, "größer-父.vhd", locators());
    ByteBuffer buffer = noise(start + VhdLayout.HEADER_BYTES + 9);
    header.writeTo(buffer.position(start));
    assertThat(buffer.position()).isEqualTo(start + VhdLayout.HEADER_BYTES);
    assertThat(DynamicHeader.parse(buffer, start, "x", 0)).isEqualTo(header);
    assertUntouched(buffer, start, VhdLayout.HEADER_BYTES);
  }

  @Test
  void parentNameIsBigEndianAndBounded() throws VhdCorruptException {
    String longest = "x".repeat(255);
    DynamicHeader header = new DynamicHeader(0, 0, 0, PARENT, 0, longest, locators());
    ByteBuffer bytes = header.toBytes();
    assertThat(bytes.getChar(64)).isEqualTo('x');
    assertThat(DynamicHeader.parse(bytes, 0, "x", 0).parentName()).isEqualTo(longest);
    DynamicHeader longer = new DynamicHeader(0, 0, 0, PARENT, 0, longest + "x", locators());
    assertThatThrownBy(longer::toBytes).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 5, 600})
  void locatorIsReadAsItWasWritten(int start) {
    ParentLocator locator = new ParentLocator(ParentLocator.W2KU, 1024, 77, 1L << 40);
    ByteBuffer buffer = noise(start + VhdLayout.LOCATOR_BYTES + 9);
    locator.writeTo(buffer.position(start));
    assertThat(ParentLocator.parse(buffer, start)).isEqualTo(locator);
    assertUntouched(buffer, start, VhdLayout.LOCATOR_BYTES);
  }

  @Test
  void locatorSpaceIsInBytesOrInSectors() {
    assertThat(new ParentLocator(ParentLocator.MACX, 1, 0, 0).spaceBytes()).isEqualTo(512);
    assertThat(new ParentLocator(ParentLocator.MACX, 511, 0, 0).spaceBytes()).isEqualTo(511 * 512);
    assertThat(new ParentLocator(ParentLocator.MACX, 512, 0, 0).spaceBytes()).isEqualTo(512);
    assertThat(new ParentLocator(ParentLocator.MACX, -1, 0, 0).spaceBytes())
        .isEqualTo(0xFFFF_FFFFL);
  }

  @Test
  void locatorPathsAreWrittenAsTheirPlatformReadsThem() {
    assertThat(ParentLocator.pathBytes(ParentLocator.MACX, "a.vhd"))
        .isEqualTo("file://./a.vhd".getBytes(java.nio.charset.StandardCharsets.UTF_8));
    assertThat(ParentLocator.pathBytes(ParentLocator.W2RU, "a"))
        .isEqualTo(new byte[] {'.', 0, '\\', 0, 'a', 0});
  }

  @Test
  void batmapHeaderIsReadAsItWasWritten() {
    BatmapHeader header = new BatmapHeader(1L << 33, 17, 0x00010002, 0xDEADBEEF);
    ByteBuffer buffer = noise(3 + VhdLayout.BATMAP_HEADER_BYTES);
    buffer.put(3, header.toBytes(), 0, VhdLayout.BATMAP_HEADER_BYTES);
    assertThat(BatmapHeader.parse(buffer, 3)).contains(header);
    buffer.put(4, (byte) 0);
    assertThat(BatmapHeader.parse(buffer, 3)).isEmpty();
  }

  @Test
  void bitmapRunsMatchAPlainSearch() {
    Random random = new Random(11);
    for (int round = 0; round < 200; round++) {
      int sectors = 64 * (1 + random.nextInt(64));
      boolean[] plain = new boolean[sectors];
      long[] bits = new long[sectors / 64];
      for (int i = 0; i < random.nextInt(20); i++) {
        int from = random.nextInt(sectors);
        int end = from + 1 + random.nextInt(sectors - from);
        int added = 0;
        for (int s = from; s < end; s++) {
          added += plain[s] ? 0 : 1;
          plain[s] = true;
        }
        assertThat(SectorBitmap.set(bits, from, end)).isEqualTo(added);
      }
      int from = random.nextInt(sectors);
      int end = from;
      while (end < sectors && plain[end] == plain[from]) {
        end++;
      }
      assertThat(SectorBitmap.get(bits, from)).isEqualTo(plain[from]);
      assertThat(SectorBitmap.endOfRun(bits, from, sectors, plain[from])).isEqualTo(end);
    }
  }

  private static List<ParentLocator> locators() {
    List<ParentLocator> locators = new ArrayList<>();
    locators.add(new ParentLocator(ParentLocator.MACX, 512, 20, 1536));
    while (locators.size() < VhdLayout.HEADER_LOCATORS) {
      locators.add(ParentLocator.NONE);
    }
    return locators;
  }

  private static ByteBuffer noise(int length) {
    byte[] bytes = new byte[length];
    java.util.Arrays.fill(bytes, (byte) 0xA5);
    return ByteBuffer.wrap(bytes);
  }

  private static void assertUntouched(ByteBuffer buffer, int start, int length) {
    for (int i = 0; i < buffer.capacity(); i++) {
      if (i < start || i >= start + length) {
        assertThat(buffer.get(i)).isEqualTo((byte) 0xA5);
      }
    }
  }
}
