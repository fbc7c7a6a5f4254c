// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.sim.MemoryContainer;
import io.strata.vhd.DiskType;
import io.strata.vhd.ParentResolver;
import io.strata.vhd.VhdCreator;
import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class VhdCheckerTest {

  @Test
  void imagesOfThisEngineHaveNoFindings() throws IOException {
    MemoryContainer base = Images.dynamic();
    MemoryContainer child = Images.child(base, Images.CHILD, "child.vhd");
    for (MemoryContainer image : new MemoryContainer[] {base, child, Images.fixed()}) {
      CheckReport report =
          VhdChecker.check(
              image, CheckOptions.standard().withBitmaps().withParents(Images.among(base, child)));
      assertThat(report.findings()).isEmpty();
      assertThat(report.worst()).isEmpty();
      assertThat(report.clean()).isTrue();
    }
  }

  @Test
  void reportSaysWhatTheImageIs() throws IOException {
    MemoryContainer base = Images.dynamic();
    MemoryContainer child = Images.child(base, Images.CHILD, "child.vhd");
    CheckReport report =
        VhdChecker.check(child, CheckOptions.standard().withParents(Images.among(base)));
    assertThat(report.image()).isEqualTo("child.vhd");
    assertThat(report.uuid()).contains(Images.CHILD);
    assertThat(report.type()).contains(DiskType.DIFFERENCING);
    assertThat(report.diskBytes()).isEqualTo(Images.DISK_BYTES);
    assertThat(report.blocks()).isEqualTo(5);
    assertThat(report.allocatedBlocks()).isEqualTo(2);
    assertThat(report.depth()).isEqualTo(2);
  }

  @Test
  void overlapNamesBothBlocksAndTheirSectors() throws IOException {
    MemoryContainer image = Images.dynamic();
    int first = Images.entry(image, 0);
    long table = Images.tableAt(image);
    Images.putInt(image, table + 8, first + 8);
    CheckReport report = VhdChecker.check(image, CheckOptions.standard());
    assertThat(report.findings())
        .anySatisfy(finding -> {
          assertThat(finding).isInstanceOf(TableFinding.EntriesOverlap.class);
          assertThat(finding.where().block()).hasValue(2);
          assertThat(finding.where().offsetBytes()).isEqualTo(table + 8);
          assertThat(finding.name()).isEqualTo("entries-overlap");
          assertThat(finding.expected()).isEqualTo("a block apart from block 0 at sector " + first);
          assertThat(finding.found()).isEqualTo("sector " + (first + 8));
          assertThat(finding.remedy()).isEmpty();
        });
    assertThat(report.worst()).contains(Severity.ERROR);
  }

  @Test
  void damagedHeaderDoesNotHideTheFooters() throws IOException {
    MemoryContainer image = Images.dynamic();
    Images.flip(image, 512);
    Images.flip(image, Images.endFooterAt(image));
    CheckReport report = VhdChecker.check(image, CheckOptions.standard());
    assertThat(report.findings())
        .extracting(Finding::name)
        .containsExactly("footer-invalid", "header-invalid");
    assertThat(report.uuid()).contains(Images.BASE);
  }

  @Test
  void differingFootersNameTheFields() throws IOException {
    MemoryContainer image = Images.dynamic();
    long at = Images.endFooterAt(image);
    Images.putByte(image, at + VhdLayout.FOOTER_HIDDEN_AT, 1);
    Images.putInt(image, at + VhdLayout.FOOTER_TIMESTAMP_AT, 5);
    Images.sealFooter(image, at);
    assertThat(VhdChecker.check(image, CheckOptions.standard()).findings())
        .singleElement()
        .satisfies(
            finding -> assertThat(finding.found()).isEqualTo("other values of timestamp, hidden"));
  }

  @Test
  void interruptedGrowthIsAFindingOfItsOwn() throws IOException {
    MemoryContainer image = Images.fixed();
    image.resize(image.sizeBytes() + 8192);
    CheckReport report = VhdChecker.check(image, CheckOptions.standard());
    assertThat(report.diskBytes()).isEqualTo(Images.MIB);
    assertThat(report.findings())
        .singleElement()
        .satisfies(finding -> {
          assertThat(finding.name()).isEqualTo("growth-interrupted");
          assertThat(finding.severity()).isEqualTo(Severity.WARNING);
          assertThat(finding.where().offsetBytes()).isEqualTo(Images.MIB);
          assertThat(finding.expected())
              .isEqualTo("the footer at the end of the image of 1057280 bytes");
          assertThat(finding.found())
              .isEqualTo(
                  "it with nothing behind it, as an interrupted growth of the disk of 1048576 bytes"
                      + " leaves it");
          assertThat(report.fix(finding)).contains(Fix.INTERRUPTED_GROWTH);
        });
  }

  @Test
  void batmapThatClaimsTooMuchIsAnError() throws IOException {
    MemoryContainer image = Images.dynamic();
    Images.claimFull(image, 1);
    Images.claimFull(image, 4);
    CheckReport report = VhdChecker.check(image, CheckOptions.standard());
    assertThat(report.findings())
        .extracting(Finding::name)
        .containsExactlyInAnyOrder("batmap-claims-partial-block", "batmap-claims-absent-block");
    assertThat(report.count(Severity.ERROR)).isEqualTo(2);
  }

  @Test
  void dataInAbsentSectorsIsFoundOnlyWhenAskedFor() throws IOException {
    MemoryContainer image = Images.dynamic();
    long data = 512L * (Images.entry(image, 3) + 1);
    Images.putByte(image, data + 512L * 100 + 3, 1);
    Images.putByte(image, data + 512L * 101, 1);
    Images.putByte(image, data + 512L * 4095 + 511, 1);
    assertThat(VhdChecker.check(image, CheckOptions.standard()).findings()).isEmpty();
    assertThat(VhdChecker.check(image, CheckOptions.standard().withBitmaps()).findings())
        .singleElement()
        .isInstanceOfSatisfying(
            BitmapFinding.UnusedSectorsNotZero.class,
            finding -> {
              assertThat(finding.sector()).isEqualTo(100);
              assertThat(finding.sectors()).isEqualTo(3);
              assertThat(finding.where().block()).hasValue(3);
            });
  }

  @Test
  void parentIsNeverOpenedByAPath() throws IOException {
    MemoryContainer base = Images.dynamic();
    MemoryContainer child = Images.child(base, Images.CHILD, "child.vhd");
    ParentResolver resolver =
        (link, at) -> {
          assertThat(link.uuid()).isEqualTo(Images.BASE);
          return base.reopen(false);
        };
    long locator = 512 + VhdLayout.HEADER_LOCATORS_AT;
    byte[] path = "file:///etc/shadow".getBytes(StandardCharsets.UTF_8);
    long dataAt = Images.read(child, locator + VhdLayout.LOCATOR_OFFSET_AT, 8).getLong();
    Images.write(child, dataAt, ByteBuffer.wrap(path));
    Images.putInt(child, locator + VhdLayout.LOCATOR_LENGTH_AT, path.length);
    Images.sealHeader(child);
    CheckReport report = VhdChecker.check(child, CheckOptions.standard().withParents(resolver));
    assertThat(report.findings())
        .singleElement()
        .isInstanceOfSatisfying(
            LocatorFinding.LocatorNameDiffers.class,
            finding -> assertThat(finding.locatorName()).isEqualTo("shadow"));
  }

  /// A name with a path in it would make one repair propose the next.
  @Test
  void locatorsAreNotRenamedToAPath() throws IOException {
    MemoryContainer base = Images.dynamic();
    MemoryContainer child = Images.child(base, Images.CHILD, "child.vhd");
    long locator = 512 + VhdLayout.HEADER_LOCATORS_AT;
    long dataAt = Images.read(child, locator + VhdLayout.LOCATOR_OFFSET_AT, 8).getLong();
    Images.putByte(child, dataAt + 9, 'q'); // file://./qase.vhd
    ByteBuffer path = StandardCharsets.UTF_16BE.encode("C:\\");
    Images.write(child, 512 + VhdLayout.HEADER_PARENT_NAME_AT, path);
    Images.sealHeader(child);
    HarmlessRepair.check(child, Images.among(base));
  }

  @Test
  void findingsBeyondTheBoundAreCounted() throws IOException {
    MemoryContainer image = MemoryContainer.create("large.vhd");
    VhdCreator.dynamic(image, UUID.randomUUID(), 2040L << 30);
    ByteBuffer zeroes = ByteBuffer.allocate(100_000 * Integer.BYTES);
    Images.write(image, Images.tableAt(image), zeroes);
    CheckReport report = VhdChecker.check(image, CheckOptions.standard());
    assertThat(
            report.findings().stream()
                .collect(Collectors.groupingBy(Finding::name, Collectors.counting())))
        .containsEntry("entry-on-metadata", 10_000L)
        .containsEntry("too-many-entries", 1L);
    assertThat(report.moreFindings()).isPositive();
    assertThat(report.allocatedBlocks()).isBetween(10_000L, 100_000L);
  }

  @Test
  void emptyImageIsAFinding() throws IOException {
    CheckReport report = VhdChecker.check(MemoryContainer.create("empty"), CheckOptions.standard());
    assertThat(report.findings()).singleElement().isInstanceOf(FooterFinding.ImageTooSmall.class);
    assertThat(report.type()).isEqualTo(Optional.empty());
  }
}
