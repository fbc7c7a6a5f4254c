// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.sim.MemoryContainer;
import io.strata.vhd.VhdCreator;
import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What blktap's `vhd-util check` refuses is found here too, and parts that share bytes.
final class FieldRulesTest {
  private static final long LOCATORS = 512 + VhdLayout.HEADER_LOCATORS_AT;

  private MemoryContainer base = MemoryContainer.create("none");
  private MemoryContainer child = base;

  @BeforeEach
  void makeImages() throws IOException {
    base = Images.dynamic();
    child = Images.child(base, Images.CHILD, "child.vhd");
  }

  private static List<Finding> check(MemoryContainer image) throws IOException {
    return VhdChecker.check(image, CheckOptions.standard()).findings();
  }

  private static void footers(MemoryContainer image, int at, byte[] value) throws IOException {
    for (long footer : new long[] {0, Images.endFooterAt(image)}) {
      Images.write(image, footer + at, ByteBuffer.wrap(value));
      Images.sealFooter(image, footer);
    }
  }

  private static void header(MemoryContainer image, long at, byte[] value) throws IOException {
    Images.write(image, 512 + at, ByteBuffer.wrap(value));
    Images.sealHeader(image);
  }

  private void locator(int index, int field, byte[] value) throws IOException {
    header(child, LOCATORS - 512 + (long) index * VhdLayout.LOCATOR_BYTES + field, value);
  }

  private static void assertOnly(
      MemoryContainer image, String name, Severity severity, boolean repairable)
      throws IOException {
    CheckReport report = VhdChecker.check(image, CheckOptions.standard());
    assertThat(report.findings())
        .singleElement()
        .satisfies(finding -> {
          assertThat(finding.name()).isEqualTo(name);
          assertThat(finding.severity()).isEqualTo(severity);
          assertThat(report.fix(finding).isPresent()).isEqualTo(repairable);
        });
  }

  private void assertOverlap(String what) throws IOException {
    assertThat(check(child))
        .anySatisfy(finding -> {
          assertThat(finding).isInstanceOf(LocatorFinding.LocatorOverlaps.class);
          assertThat(finding.severity()).isEqualTo(Severity.ERROR);
          assertThat(finding.expected()).endsWith("apart from the " + what);
          assertThat(finding.remedy()).isEmpty();
        });
  }

  @Test
  void savedStateIsPutRight() throws IOException {
    footers(base, VhdLayout.FOOTER_SAVED_STATE_AT, new byte[] {1});
    assertThat(check(base)).isEmpty();
    footers(base, VhdLayout.FOOTER_SAVED_STATE_AT, new byte[] {2});
    assertOnly(base, "footer-field", Severity.WARNING, true);
    HarmlessRepair.check(base, Images.among());
    assertThat(check(base)).isEmpty();
    assertThat(Images.read(base, VhdLayout.FOOTER_SAVED_STATE_AT, 1).get()).isZero();
  }

  /// As Windows writes it; and Linux allows a backslash in a name.
  @Test
  void headerMayNameTheParentByAPath() throws IOException {
    byte[] path = "C:\\disks\\base.vhd".getBytes(StandardCharsets.UTF_16BE);
    header(child, VhdLayout.HEADER_PARENT_NAME_AT, path);
    assertThat(check(child)).isEmpty();
    long entry = LOCATORS + VhdLayout.LOCATOR_OFFSET_AT;
    long text = Images.read(child, entry, Long.BYTES).getLong() + "file://./".length();
    Images.putByte(child, text, 'X');
    assertOnly(child, "locator-name-differs", Severity.WARNING, true);
    HarmlessRepair.check(child, Images.among(base));
    assertThat(check(child)).isEmpty();
    assertThat(Images.read(child, text, 1).get()).isEqualTo((byte) 'b');
  }

  @Test
  void laterVersionOfTapIsNotKnown() throws IOException {
    footers(base, VhdLayout.FOOTER_CREATOR_VERSION_AT, Images.word(0x00010004));
    assertOnly(base, "creator-version-unknown", Severity.WARNING, false);
    footers(base, VhdLayout.FOOTER_CREATOR_VERSION_AT, Images.word(-1));
    assertThat(check(base)).extracting(Finding::name).contains("creator-version-unknown");
    footers(base, VhdLayout.FOOTER_CREATOR_APPLICATION_AT, Images.word(0x77696e20));
    assertThat(check(base)).isEmpty();
  }

  /// As `qemu-img -o force_size=on` makes it.
  @Test
  void qemuWritesTheLargestGeometryWhereItDoesNotCount() throws IOException {
    footers(base, VhdLayout.FOOTER_GEOMETRY_AT, Images.word(0xFFFF10FF));
    assertOnly(base, "geometry-too-large", Severity.WARNING, true);
    footers(base, VhdLayout.FOOTER_CREATOR_APPLICATION_AT, Images.word(0x71656d32));
    assertThat(check(base)).isEmpty();
    footers(base, VhdLayout.FOOTER_GEOMETRY_AT, Images.word(-1));
    assertOnly(base, "geometry-too-large", Severity.WARNING, true);
  }

  @Test
  void dynamicImageNamesNoParent() throws IOException {
    header(base, VhdLayout.HEADER_PARENT_UUID_AT + 15, new byte[] {1});
    assertOnly(base, "header-field", Severity.WARNING, false);
    header(base, VhdLayout.HEADER_PARENT_UUID_AT + 15, new byte[] {0});
    header(base, VhdLayout.HEADER_PARENT_TIMESTAMP_AT, Images.word(1));
    assertOnly(base, "header-field", Severity.WARNING, false);
    header(base, VhdLayout.HEADER_PARENT_TIMESTAMP_AT, Images.word(0));
    header(base, VhdLayout.HEADER_PARENT_NAME_AT + 511, new byte[] {1});
    assertOnly(base, "header-field", Severity.WARNING, false);
    header(base, VhdLayout.HEADER_PARENT_NAME_AT + 511, new byte[] {0});
    header(base, LOCATORS - 512 + VhdLayout.LOCATOR_SPACE_AT, Images.word(1));
    assertOnly(base, "locator-unused-not-zero", Severity.WARNING, false);
  }

  @Test
  void parentsTimestampIsNotInTheFuture() throws IOException {
    header(child, VhdLayout.HEADER_PARENT_TIMESTAMP_AT, Images.word(-1));
    assertOnly(child, "parent-timestamp-in-future", Severity.WARNING, false);
  }

  @Test
  void parentsNameIsThere() throws IOException {
    header(child, VhdLayout.HEADER_PARENT_NAME_AT, new byte[] {0, 0});
    assertThat(check(child))
        .filteredOn(HeaderFinding.ParentNameInvalid.class::isInstance)
        .singleElement()
        .satisfies(finding -> {
          assertThat(finding.severity()).isEqualTo(Severity.WARNING);
          assertThat(finding.found()).isEqualTo("none");
          assertThat(finding.remedy()).contains(Fix.PARENT_NAME);
        });
    HarmlessRepair.check(child, Images.among(base));
    assertThat(check(child)).isEmpty();
  }

  @Test
  void parentsNameIsInCharacters() throws IOException {
    header(child, VhdLayout.HEADER_PARENT_NAME_AT, new byte[] {(byte) 0xDC, 0});
    assertThat(check(child))
        .filteredOn(HeaderFinding.ParentNameInvalid.class::isInstance)
        .singleElement()
        .matches(finding -> finding.remedy().isPresent());
    HarmlessRepair.check(child, Images.among(base));
    assertThat(check(child)).isEmpty();
    header(child, VhdLayout.HEADER_PARENT_NAME_AT + 500, new byte[] {(byte) 0xDC, 0});
    assertOnly(child, "parent-name-invalid", Severity.WARNING, false);
  }

  @Test
  void reservedFieldOfALocatorIsZero() throws IOException {
    locator(1, VhdLayout.LOCATOR_RESERVED_AT, Images.word(1));
    assertOnly(child, "locator-reserved", Severity.WARNING, false);
  }

  @Test
  void unusedLocatorIsZero() throws IOException {
    locator(7, VhdLayout.LOCATOR_OFFSET_AT, Images.twoWords(1536));
    assertOnly(child, "locator-unused-not-zero", Severity.WARNING, false);
  }

  @Test
  void platformHasOneLocator() throws IOException {
    locator(1, VhdLayout.LOCATOR_CODE_AT, Images.word(0x57327275));
    assertOnly(child, "locator-duplicate", Severity.WARNING, false);
  }

  @Test
  void locatorInUseHasOffsetSpaceAndLength() throws IOException {
    locator(0, VhdLayout.LOCATOR_OFFSET_AT, Images.twoWords(0));
    assertThat(check(child)).extracting(Finding::found).contains("zero as its offset");
    locator(0, VhdLayout.LOCATOR_SPACE_AT, Images.word(0));
    locator(0, VhdLayout.LOCATOR_LENGTH_AT, Images.word(0));
    assertThat(check(child))
        .filteredOn(LocatorFinding.LocatorIncomplete.class::isInstance)
        .singleElement()
        .satisfies(finding -> {
          assertThat(finding.severity()).isEqualTo(Severity.WARNING);
          assertThat(finding.found()).isEqualTo("zero as its offset, space, length");
          assertThat(finding.remedy()).isEmpty();
        });
  }

  @Test
  void spaceOfALocatorEndsWithinTheImage() throws IOException {
    locator(2, VhdLayout.LOCATOR_SPACE_AT, Images.word(0x7FFFFE00));
    assertThat(check(child))
        .filteredOn(LocatorFinding.LocatorSpaceOutside.class::isInstance)
        .singleElement()
        .satisfies(finding -> {
          assertThat(finding.severity()).isEqualTo(Severity.WARNING);
          assertThat(finding.found()).isEqualTo("offset 3584, 2147483136 bytes set aside");
          assertThat(finding.remedy()).isEmpty();
        });
  }

  @Test
  void locatorLiesApartFromEveryOtherPart() throws IOException {
    moved(256);
    assertOverlap("footer's copy");
    moved(1024);
    assertOverlap("header");
    moved(Images.tableAt(child) - 512);
    assertOverlap("BAT");
    moved(Images.batmapAt(child));
    assertOverlap("batmap's header");
    moved(Images.batmapAt(child) + 512);
    assertOverlap("batmap");
    moved(1536 + 512);
    assertOverlap("parent locator 0");
    moved(512L * Images.entry(child, 0) + Images.MIB);
    assertOverlap("block 0");
    moved(Images.endFooterAt(child) - 512);
    assertOverlap("footer at the end");
  }

  private void moved(long offset) throws IOException {
    locator(1, VhdLayout.LOCATOR_OFFSET_AT, Images.twoWords(offset));
  }

  @Test
  void spaceOfALocatorCountsAsItsPathDoes() throws IOException {
    locator(0, VhdLayout.LOCATOR_SPACE_AT, Images.word(1536));
    assertThat(check(child))
        .singleElement()
        .isInstanceOfSatisfying(
            LocatorFinding.LocatorOverlaps.class,
            finding -> {
              assertThat(finding.index()).isEqualTo(1);
              assertThat(finding.what()).isEqualTo("parent locator 0");
            });
    // In sectors: 20 of them reach into the BAT.
    locator(0, VhdLayout.LOCATOR_SPACE_AT, Images.word(1024));
    locator(2, VhdLayout.LOCATOR_SPACE_AT, Images.word(20));
    assertOverlap("BAT");
  }

  /// Their paths follow the batmap, a sector each.
  @Test
  void locatorsAsBlktapPlacesThemAreRight() throws IOException {
    MemoryContainer image = emptyChild();
    long at = Images.batmapAt(image) + 1024;
    for (int i = 0; i < 3; i++) {
      relocate(image, i, at + 512L * i, 512);
    }
    assertThat(check(image)).isEmpty();
  }

  /// Two paths, with space in sectors, and no batmap.
  @Test
  void imageAsWindowsWritesItIsRight() throws IOException {
    MemoryContainer image = emptyChild();
    footers(image, VhdLayout.FOOTER_CREATOR_APPLICATION_AT, Images.word(0x77696e20));
    footers(image, VhdLayout.FOOTER_CREATOR_VERSION_AT, Images.word(0x000a0000));
    long batmap = Images.batmapAt(image);
    Images.write(image, batmap, ByteBuffer.allocate(1024));
    header(image, LOCATORS - 512, new byte[VhdLayout.LOCATOR_BYTES]);
    relocate(image, 1, batmap, 1);
    relocate(image, 2, batmap + 512, 1);
    assertThat(check(image)).isEmpty();
  }

  private MemoryContainer emptyChild() throws IOException {
    MemoryContainer image = MemoryContainer.create("empty.vhd");
    VhdCreator.differencing(image, Images.SIBLING, base, "base.vhd");
    return image;
  }

  private static void relocate(MemoryContainer image, int index, long at, int space)
      throws IOException {
    long entry = LOCATORS + (long) index * VhdLayout.LOCATOR_BYTES;
    long old = Images.read(image, entry + VhdLayout.LOCATOR_OFFSET_AT, 8).getLong();
    Images.write(image, at, Images.read(image, old, 512));
    header(image, entry - 512 + VhdLayout.LOCATOR_OFFSET_AT, Images.twoWords(at));
    header(image, entry - 512 + VhdLayout.LOCATOR_SPACE_AT, Images.word(space));
  }

  @Test
  void tableEndsBeforeTheFooter() throws IOException {
    long moved = Images.endFooterAt(base) - 512;
    Images.write(base, moved, Images.read(base, Images.tableAt(base), 512));
    header(base, VhdLayout.HEADER_TABLE_OFFSET_AT, Images.twoWords(moved));
    assertThat(check(base)).extracting(Finding::name).doesNotContain("parts-overlap");
    header(base, VhdLayout.HEADER_MAX_ENTRIES_AT, Images.word(129));
    assertThat(check(base))
        .filteredOn(HeaderFinding.PartsOverlap.class::isInstance)
        .singleElement()
        .satisfies(finding -> {
          assertThat(finding.severity()).isEqualTo(Severity.ERROR);
          assertThat(finding.where().offsetBytes()).isEqualTo(moved + 512);
          assertThat(finding.expected()).isEqualTo("the BAT apart from the footer at the end");
          assertThat(finding.remedy()).isEmpty();
        });
    // No repair may write the footer over entries.
    footers(base, VhdLayout.FOOTER_SAVED_STATE_AT, new byte[] {9});
    RepairPlan plan = VhdRepairer.plan(base, VhdChecker.check(base, CheckOptions.standard()));
    assertThat(plan.steps()).isEmpty();
  }

  @Test
  void batmapEndsBeforeTheFooter() throws IOException {
    MemoryContainer empty = emptyChild();
    Images.putLong(
        empty, Images.batmapAt(empty) + VhdLayout.BATMAP_OFFSET_AT, Images.endFooterAt(empty));
    Images.sealBatmap(empty, Images.batmapAt(empty), Images.endFooterAt(empty));
    assertThat(check(empty))
        .filteredOn(BatmapFinding.BatmapOverlaps.class::isInstance)
        .singleElement()
        .satisfies(finding -> {
          assertThat(finding.severity()).isEqualTo(Severity.ERROR);
          assertThat(finding.found()).endsWith("on the footer at the end");
        });
  }

  @Test
  void batmapOnTheHeaderIsNotWritten() throws IOException {
    long map = Images.batmapAt(base) + 512;
    Images.write(base, map, Images.read(base, 512, VhdLayout.HEADER_BYTES));
    footers(base, VhdLayout.FOOTER_DATA_OFFSET_AT, Images.twoWords(map));
    assertThat(check(base))
        .filteredOn(HeaderFinding.PartsOverlap.class::isInstance)
        .singleElement()
        .satisfies(finding -> {
          assertThat(finding.severity()).isEqualTo(Severity.ERROR);
          assertThat(finding.expected()).isEqualTo("the batmap apart from the header");
        });
    assertThat(check(base)).extracting(Finding::name).contains("batmap-checksum");
    RepairPlan plan = VhdRepairer.plan(base, VhdChecker.check(base, CheckOptions.standard()));
    assertThat(plan.steps()).isEmpty();
  }
}
