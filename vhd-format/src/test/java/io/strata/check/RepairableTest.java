// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.sim.MemoryContainer;
import io.strata.vhd.ParentResolver;
import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Whatever is wrong with an image, its check announces the repairs that a repair makes: no more
/// and no less.
@Timeout(120)
final class RepairableTest {
  private static final int IMAGES = 4_000;

  /// Where an image may be cut off or made longer, in bytes from its end.
  private static final int[] LENGTHS = {
    -700, -600, -513, -512, -511, -510, -256, -100, -2, -1, 1, 100, 510, 511, 512, 513, 1024, 8192
  };

  private final Map<String, MemoryContainer> sound = new LinkedHashMap<>();
  private CheckOptions options = CheckOptions.standard();
  private MemoryContainer dynamic = MemoryContainer.create("base.vhd");
  private long table;

  @BeforeEach
  void makeImages() throws IOException {
    dynamic = Images.dynamic();
    table = Images.tableAt(dynamic);
    ParentResolver parents = Images.among(dynamic);
    options = CheckOptions.standard().withBitmaps().withParents(parents);
    sound.put("dynamic", dynamic);
    sound.put("differencing", Images.child(dynamic, Images.CHILD, "child.vhd"));
    sound.put("fixed", Images.fixed());
    MemoryContainer grown = Images.fixed();
    grown.resize(grown.sizeBytes() + 8192);
    sound.put("grown", grown);
    sound.put("no bytes", withSize(dynamic, 0));
    sound.put("cut", withSize(dynamic, 4L << 20));
  }

  private static MemoryContainer withSize(MemoryContainer of, long diskBytes) throws IOException {
    MemoryContainer image = Images.copy(of);
    for (long footer : new long[] {0, Images.endFooterAt(image)}) {
      Images.putLong(image, footer + VhdLayout.FOOTER_CURRENT_SIZE_AT, diskBytes);
      Images.sealFooter(image, footer);
    }
    return image;
  }

  @Test
  void damageAtRandomIsRepairedAsAnnounced() throws IOException {
    long seed = Long.getLong("strata.seed", new Random().nextLong());
    System.out.println("RepairableTest: -Dstrata.seed=" + seed);
    Random random = new Random(seed);
    List<Map.Entry<String, MemoryContainer>> kinds = List.copyOf(sound.entrySet());
    Set<Fix> made = EnumSet.noneOf(Fix.class);
    for (int i = 0; i < IMAGES; i++) {
      Map.Entry<String, MemoryContainer> kind = kinds.get(random.nextInt(kinds.size()));
      MemoryContainer image = kind.getValue().overlay();
      for (int damages = 1 + random.nextInt(3); damages > 0; damages--) {
        damage(image, random);
      }
      try {
        CheckReport report = VhdChecker.check(image, options);
        report.findings().forEach(finding -> report.fix(finding).ifPresent(made::add));
        PlannedRepair.exhaust(image, options);
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed + ", image " + i + ", " + kind.getKey(), e);
      }
    }
    assertThat(made).as("repairs that were tried").isEqualTo(EnumSet.allOf(Fix.class));
  }

  @Test
  void entriesBeyondTheDiskAreClearedUnlessItsSizeIsDoubtful() throws IOException {
    int block = Images.entry(dynamic, 3);
    assertThat(clearedBeyondDisk(0, false)).isTrue();
    assertThat(clearedBeyondDisk(1 << 30, false)).isTrue();
    assertThat(clearedBeyondDisk(block, false)).as("data of a larger disk").isFalse();
    assertThat(clearedBeyondDisk(0, true)).as("the geometry of a larger disk").isFalse();
  }

  private boolean clearedBeyondDisk(int sector, boolean geometryOfMore) throws IOException {
    MemoryContainer image = Images.copy(dynamic);
    Images.putInt(image, 512 + VhdLayout.HEADER_MAX_ENTRIES_AT, 8);
    Images.sealHeader(image);
    Images.putInt(image, table + 28, sector);
    for (long footer : new long[] {0, Images.endFooterAt(image)}) {
      Images.putInt(image, footer + VhdLayout.FOOTER_GEOMETRY_AT, geometryOfMore ? -1 : 0);
      Images.sealFooter(image, footer);
    }
    CheckReport left = PlannedRepair.exhaust(image, options);
    boolean found = left.findings().stream().anyMatch(f -> f.name().equals("entry-beyond-disk"));
    assertThat(Images.read(image, table + 28, 4).getInt()).isEqualTo(found ? sector : -1);
    return !found;
  }

  /// A reader takes the block as it is while the copy is in force, and refuses it on a footer.
  @Test
  void endThatABlockLiesOnIsLeftAlone() throws IOException {
    MemoryContainer image = Images.copy(dynamic);
    long end = Images.endFooterAt(image);
    Images.putByte(image, end + VhdLayout.FOOTER_HIDDEN_AT, 1);
    Images.sealFooter(image, end);
    Images.putInt(image, Images.entryAt(image, 3), (int) (end / 512) - 4096);
    byte[] before = Images.read(image, end, 512).array();
    HarmlessRepair.check(image, Images.among());
    assertThat(Images.read(image, end, 512).array()).isEqualTo(before);
  }

  /// Where the size can't be, nothing can be said of the geometry.
  @Test
  void geometryOfADiskOfNoBytesIsLeftAlone() throws IOException {
    MemoryContainer image = withSize(dynamic, 0);
    int geometry = Images.read(image, VhdLayout.FOOTER_GEOMETRY_AT, 4).getInt();
    Images.putByte(image, 300, 1);
    Images.sealFooter(image, 0);
    PlannedRepair.exhaust(image, options);
    assertThat(Images.read(image, 300, 1).get()).isZero();
    assertThat(Images.read(image, VhdLayout.FOOTER_GEOMETRY_AT, 4).getInt()).isEqualTo(geometry);
  }

  @Test
  void imagesOfManyLengthsAreRepairedAsAnnounced() throws IOException {
    for (Map.Entry<String, MemoryContainer> entry : sound.entrySet()) {
      for (int length : LENGTHS) {
        MemoryContainer image = entry.getValue().overlay();
        image.resize(image.sizeBytes() + length);
        try {
          PlannedRepair.exhaust(image, options);
        } catch (AssertionError e) {
          throw new AssertionError(entry.getKey() + ", longer by " + length, e);
        }
      }
    }
  }

  private void damage(MemoryContainer image, Random random) throws IOException {
    long size = image.sizeBytes();
    if (size < 16 * 1024) {
      return;
    }
    switch (random.nextInt(10)) {
      case 0 -> image.resize(size + LENGTHS[random.nextInt(LENGTHS.length)]);
      case 1 -> Images.flip(image, random.nextInt(512));
      case 2 -> Images.flip(image, size - 1 - random.nextInt(512));
      case 3 -> batmap(image, random);
      case 4 -> parentName(image, random);
      case 5 -> beyondDisk(image, random);
      case 6 -> Images.putByte(image, size - 512 - 1 - random.nextInt(4096), 1);
      case 7 -> unusedSector(image, random);
      default -> Mutator.mutate(image, table, random);
    }
  }

  private void batmap(MemoryContainer image, Random random) throws IOException {
    long at = table + VhdLayout.SECTOR_BYTES;
    switch (random.nextInt(4)) {
      case 0 -> Images.flip(image, at + VhdLayout.SECTOR_BYTES + random.nextInt(512));
      case 1 ->
          Images.putInt(image, at + VhdLayout.BATMAP_SECTORS_AT, 1 + (32 << random.nextInt(2)));
      case 2 -> {
        Images.putByte(image, at + VhdLayout.SECTOR_BYTES + random.nextInt(3), random.nextInt());
        Images.sealBatmap(image, at, at + VhdLayout.SECTOR_BYTES);
      }
      default -> Images.flip(image, at + random.nextInt(64));
    }
  }

  private static void parentName(MemoryContainer image, Random random) throws IOException {
    long at = VhdLayout.FOOTER_BYTES;
    long entry = at + VhdLayout.HEADER_LOCATORS_AT + 24L * random.nextInt(3);
    if (random.nextBoolean()) {
      Images.putByte(image, at + VhdLayout.HEADER_PARENT_NAME_AT + 1 + 2L * random.nextInt(4), 'X');
      Images.sealHeaderAt(image, at);
      return;
    }
    long path = Images.read(image, entry + VhdLayout.LOCATOR_OFFSET_AT, 8).getLong();
    int length = Images.read(image, entry + VhdLayout.LOCATOR_LENGTH_AT, 4).getInt();
    if (path > 0 && path < 16 * 1024 && length > 8 && length < 512) {
      Images.putByte(image, path + length - 8 + 2L * random.nextInt(4), 'X');
    }
  }

  /// Writes data into a sector that may not be present.
  private void unusedSector(MemoryContainer image, Random random) throws IOException {
    long entry = table + (long) Integer.BYTES * random.nextInt(5);
    long at = Integer.toUnsignedLong(Images.read(image, entry, Integer.BYTES).getInt()) * 512;
    long last = at + (Images.BLOCK_SECTORS - 1) * 512L;
    if (last < image.sizeBytes() - 512) {
      Images.putByte(image, last + random.nextInt(512), 1);
    }
  }

  /// Gives the BAT more entries than the disk has blocks.
  private void beyondDisk(MemoryContainer image, Random random) throws IOException {
    long at = VhdLayout.FOOTER_BYTES;
    Images.putInt(image, at + VhdLayout.HEADER_MAX_ENTRIES_AT, 100);
    Images.sealHeaderAt(image, at);
    int[] sectors = {
      0, 1, 3, -2, 1 << 30, Images.read(image, table, 4).getInt(), (int) (table / 512), 8192
    };
    int count = 1 + random.nextInt(4);
    for (int i = 0; i < count; i++) {
      long entry = table + 4L * (8 + random.nextInt(90));
      Images.write(
          image,
          entry,
          ByteBuffer.allocate(4).putInt(sectors[random.nextInt(sectors.length)]).flip());
    }
  }
}
