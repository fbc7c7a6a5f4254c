// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.Container;
import io.strata.block.FileContainer;
import io.strata.block.sim.MemoryContainer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Growth of fixed images, and what a power cut leaves of it.
final class FixedGrowthTest {
  private static final int MIB = 1 << 20;

  @ParameterizedTest
  @ValueSource(ints = {512, 1024, 4096, 5 * MIB})
  void interruptedGrowthOpensAtItsOldSizeAndIsMadeWhole(int more) throws IOException {
    MemoryContainer image = interrupted(more);
    assertThat(VhdInfo.read(image).sizeBytes()).isEqualTo(MIB);
    assertThat(VhdInfo.read(image).trailingFooterValid()).isFalse();
    try (VhdChain chain = VhdChain.open(image.reopen(false), false, ParentResolver.none())) {
      assertThat(read(chain)).isEqualTo(content(MIB));
    }
    assertThat(VhdInfo.read(image).trailingFooterValid()).as("reading changed nothing").isFalse();
    try (VhdChain chain = VhdChain.open(image.reopen(true), true, ParentResolver.none())) {
      assertThat(VhdInfo.read(image).trailingFooterValid()).isTrue();
      assertThat(read(chain)).isEqualTo(content(MIB));
    }
    assertThat(image.sizeBytes()).isEqualTo(MIB + 512L + more);
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 1024, 4096, 5 * MIB})
  void resizeAgainEndsTheGrowth(int more) throws IOException {
    MemoryContainer image = interrupted(more);
    VhdEditor.resize(image, MIB + more);
    assertGrown(image, MIB + more);
    assertThat(image.sizeBytes()).as("no longer than needed").isEqualTo(MIB + 512L + more);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 100, 510, 511, 513, 600})
  void lengthWithinASectorDoesNoHarm(int more) throws IOException {
    MemoryContainer image = interrupted(more);
    VhdEditor.resize(image, MIB + 8192);
    assertGrown(image, MIB + 8192);
  }

  @Test
  void remnantOfTheLostFooterDoesNoHarm() throws IOException {
    MemoryContainer image = interrupted(4096);
    image.write(image.sizeBytes() - 512, filled(512, 0xA5));
    VhdEditor.setHidden(image, true);
    assertThat(VhdInfo.read(image).hidden()).isTrue();
    assertThat(VhdInfo.read(image).trailingFooterValid()).isTrue();
    VhdEditor.resize(image, 3L * MIB);
    assertGrown(image, 3 * MIB);
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 4096, 8192, 2 * MIB})
  void roomThatOtherProgramsLeftReadsAsZeroes(int more) throws IOException {
    MemoryContainer image = fixed();
    ByteBuffer footer = Bytes.read(image, MIB, 512);
    image.ensureCapacity(MIB + 4096 + 512);
    image.write(MIB, filled(4096, 0x77));
    image.write(MIB + 4096, footer);
    VhdEditor.resize(image, MIB + more);
    assertGrown(image, MIB + more);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 1, 100, 300})
  void footerAtNoSectorMoves(int shift) throws IOException {
    MemoryContainer image = fixed();
    ByteBuffer footer = Bytes.read(image, MIB, 512);
    image.resize(MIB + 512 + shift);
    image.write(MIB + Math.max(shift, 0), footer.limit(shift < 0 ? 511 : 512));
    VhdEditor.resize(image, MIB + 512);
    assertGrown(image, MIB + 512);
  }

  @Test
  void guestsDataIsNoFooterWhileTheRealOneIsThere() throws IOException {
    MemoryContainer image = fixed();
    VhdFooter guests = VhdFooter.create(DiskType.FIXED, UUID.randomUUID(), MIB - 512, 0, 5);
    try (VhdChain chain = VhdChain.open(image.reopen(true), true, ParentResolver.none())) {
      chain.write(MIB - 512, guests.toBytes());
    }
    assertThat(VhdInfo.read(image).sizeBytes()).isEqualTo(MIB);
    assertThat(VhdInfo.read(image).uuid()).isNotEqualTo(guests.uuid());
    MemoryContainer longer = image.overlay();
    longer.resize(MIB + 8192);
    assertThat(VhdInfo.read(longer).uuid()).isNotEqualTo(guests.uuid());
    image.write(MIB + 200, filled(1, 1));
    assertThatThrownBy(() -> VhdInfo.read(image)).isInstanceOf(VhdCorruptException.class);
  }

  @Test
  void searchPassesOverHolesOfATerabyte(@TempDir Path folder) throws IOException {
    try (FileContainer image = FileContainer.create(folder.resolve("f.vhd"))) {
      VhdCreator.fixed(image, UUID.randomUUID(), MIB);
      image.ensureCapacity(1L << 40);
      assertThat(VhdInfo.read(image).sizeBytes()).isEqualTo(MIB);
      VhdEditor.resize(image, 2L << 30);
      assertThat(VhdInfo.read(image).sizeBytes()).isEqualTo(2L << 30);
    }
  }

  @Test
  void searchGivesUpAfterSoMuchData() throws IOException {
    MemoryContainer image = MemoryContainer.create("raw");
    image.ensureCapacity(4L * MIB);
    image.write(0, ByteBuffer.allocate(4 * MIB));
    assertThat(new LastContent(image, 3L * MIB).lastSector(0, 4L * MIB))
        .isEqualTo(LastContent.UNKNOWN);
    assertThat(new LastContent(image, 4L * MIB).lastSector(0, 4L * MIB))
        .isEqualTo(LastContent.NONE);
  }

  private static MemoryContainer fixed() throws IOException {
    MemoryContainer image = MemoryContainer.create("fixed.vhd");
    VhdCreator.fixed(image, UUID.randomUUID(), MIB);
    image.write(0, ByteBuffer.wrap(content(MIB)));
    return image;
  }

  /// An image that became longer, and whose new footer got lost.
  private static MemoryContainer interrupted(int moreBytes) throws IOException {
    MemoryContainer image = fixed();
    image.ensureCapacity(image.sizeBytes() + moreBytes);
    return image;
  }

  /// The disk has its bytes, and zeroes behind them.
  private static void assertGrown(Container image, int sizeBytes) throws IOException {
    assertThat(VhdInfo.read(image).sizeBytes()).isEqualTo(sizeBytes);
    assertThat(VhdInfo.read(image).trailingFooterValid()).isTrue();
    assertThat(image.sizeBytes() % 512).isZero();
    ByteBuffer bytes = ByteBuffer.allocate(sizeBytes);
    image.read(0, bytes);
    assertThat(bytes.array()).isEqualTo(Arrays.copyOf(content(MIB), sizeBytes));
  }

  private static byte[] content(int length) {
    return filled(length, 9).array();
  }

  private static byte[] read(VhdChain chain) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) chain.sizeBytes());
    chain.read(0, bytes);
    return bytes.array();
  }

  private static ByteBuffer filled(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return ByteBuffer.wrap(bytes);
  }
}
