// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.vhd.DiskType;
import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// Works out which findings of an image a repair mends, and by which steps: the one place that
/// knows what is withheld, for the check's report and for the repair.
final class RepairPlanner {
  private final Subject subject;
  private final List<Finding> findings;
  private final Set<Fix> wanted = EnumSet.noneOf(Fix.class);
  private final List<RepairStep> steps = new ArrayList<>();
  private final Set<Fix> planned = EnumSet.noneOf(Fix.class);
  private final Set<Integer> namedLocators = new HashSet<>();
  private Optional<FooterRepairs> footerRepairs = Optional.empty();
  private boolean more;

  /// @param subject the image; its findings are not used
  /// @param findings of this image, all of them
  /// @param wanted the repairs to make where they may be made
  private RepairPlanner(Subject subject, List<Finding> findings, Collection<Fix> wanted) {
    this.subject = subject;
    this.findings = findings;
    this.wanted.addAll(wanted);
  }

  /// The findings that a repair mends. Reads no block's bitmap and no data.
  ///
  /// @param findings of this image by itself, all of them
  static Set<Finding> mended(Subject subject, ImageMetadata image, List<Finding> findings)
      throws IOException {
    List<Fix> wanted =
        findings.stream().map(Finding::remedy).flatMap(Optional::stream).distinct().toList();
    if (wanted.isEmpty()) {
      return Set.of();
    }
    RepairPlanner planner = new RepairPlanner(subject.silent(), findings, wanted);
    planner.metadata(image);
    return findings.stream().filter(planner::mends).collect(Collectors.toSet());
  }

  /// The steps that mend what a report announces.
  static RepairPlan plan(Subject subject, CheckReport report) throws IOException {
    List<Finding> own = report.findings().stream().filter(report::own).toList();
    List<Fix> wanted = own.stream().map(report::fix).flatMap(Optional::stream).distinct().toList();
    RepairPlanner planner = new RepairPlanner(subject, own, wanted);
    if (!wanted.isEmpty() && subject.sizeBytes() >= VhdLayout.SHORT_FOOTER_BYTES) {
      ImageMetadata image = ImageMetadata.read(subject, RawFooters.read(subject.container()));
      planner.metadata(image);
      planner.blocks(image);
    }
    return planner.plan(report);
  }

  private RepairPlan plan(CheckReport report) {
    List<Finding> unfixable =
        report.findings().stream()
            .filter(finding -> finding.severity() != Severity.INFO)
            .filter(finding -> !report.own(finding) || report.fix(finding).isEmpty())
            .toList();
    return new RepairPlan(
        report.image(), subject.sizeBytes(), steps, unfixable, more || report.moreFindings() > 0);
  }

  private boolean mends(Finding finding) {
    if (finding.remedy().isEmpty()) {
      return false;
    }
    boolean made = planned.contains(finding.remedy().get());
    return switch (finding) {
      case FooterFinding footer -> footerRepairs.stream().anyMatch(r -> r.mends(footer));
      case LocatorFinding.LocatorNameDiffers locator ->
          made && (planned.contains(Fix.PARENT_NAME) || namedLocators.contains(locator.index()));
      case HeaderFinding _,
          TableFinding _,
          BatmapFinding _,
          BitmapFinding _,
          LocatorFinding _,
          ChainFinding _ ->
          made;
    };
  }

  /// Everything but what the blocks' bitmaps and data need.
  private void metadata(ImageMetadata image) throws IOException {
    Optional<RawFooter> inForce = image.footers().inForce();
    if (inForce.isEmpty()) {
      return;
    }
    RawFooter footer = inForce.get();
    boolean sizeDoubtful =
        image.tables().isPresent()
            && sizeDoubtful(footer, image.header().orElseThrow(), image.tables().get());
    footers(image, footer, sizeDoubtful);
    if (image.tables().isPresent()) {
      tables(image, sizeDoubtful);
    }
    if (image.header().isPresent() && footer.type() == DiskType.DIFFERENCING) {
      names(image.header().get());
    }
  }

  private void footers(ImageMetadata image, RawFooter footer, boolean sizeDoubtful) {
    FooterRepairs repairs =
        new FooterRepairs(subject, image.footers(), footer, sizeDoubtful, this::add);
    footerRepairs = Optional.of(repairs);
    if (image.footers().oldEnd().isPresent()) {
      if (wanted.contains(Fix.INTERRUPTED_GROWTH)) {
        repairs.interruptedGrowth();
      }
    } else if (wanted.contains(Fix.FOOTERS) && !endShared()) {
      boolean located = image.tables().isPresent() && !sizeDoubtful;
      repairs.correct(
          located
              ? endOfContent(footer, image.header().orElseThrow(), image.tables().get())
              : FooterRepairs.UNKNOWN_END);
    }
  }

  private void tables(ImageMetadata image, boolean sizeDoubtful) throws IOException {
    RawHeader header = image.header().orElseThrow();
    if (wanted.contains(Fix.BATMAP_HEADER)) {
      batmapHeader(header);
    }
    if (!whole(image)) {
      return;
    }
    boolean tableApart =
        header.tableOffsetBytes() + header.tableBytes()
            <= ImageTables.contentEnd(subject, image.footers());
    if (wanted.contains(Fix.ENTRIES_BEYOND_DISK) && tableApart && !sizeDoubtful) {
      entriesBeyondDisk(header, image.tables().orElseThrow().blocks());
    }
    for (Fix fix : List.of(Fix.BITMAPS, Fix.BATMAP, Fix.UNUSED_SECTORS)) {
      if (wanted.contains(fix)) {
        planned.add(fix);
      }
    }
  }

  /// What was planned for the blocks, step by step.
  private void blocks(ImageMetadata image) throws IOException {
    if (image.tables().isEmpty()) {
      return;
    }
    BlockRepairs blocks =
        new BlockRepairs(
            subject,
            image.header().orElseThrow(),
            image.tables().get(),
            image.footers().inForce().orElseThrow().diskBytes(),
            steps::add);
    if (planned.contains(Fix.BITMAPS)) {
      blocks.bitmaps();
    }
    if (planned.contains(Fix.BATMAP)) {
      blocks.batmap();
    }
    if (planned.contains(Fix.UNUSED_SECTORS)) {
      more |= blocks.unusedSectors();
    }
  }

  /// Whether every part of the image is where it is said to be, and nowhere else.
  private boolean whole(ImageMetadata image) {
    return image.tables().orElseThrow().table().sound()
        && !strayParts()
        && !image.footers().inDoubt();
  }

  /// Whether the disk may be larger than its footer says: the geometry describes more, or an entry
  /// beyond the end names a place where a block may be.
  private boolean sizeDoubtful(RawFooter footer, RawHeader header, ImageTables tables)
      throws IOException {
    if (findings.stream().noneMatch(TableFinding.EntryBeyondDisk.class::isInstance)) {
      return false;
    }
    if (footer.geometryBytes() > footer.mostGeometryBytes()) {
      return true;
    }
    boolean[] block = {false};
    BlockTable.forEach(
        subject,
        header.tableOffsetBytes(),
        tables.blocks(),
        TableCheck.lookedAt(header, tables.blocks()),
        (_, sector) -> {
          long at = sector * SECTOR_BYTES;
          block[0] =
              at < subject.sizeBytes()
                  && tables.regions().stream()
                      .noneMatch(part -> part.startBytes() <= at && at < part.endBytes());
          return !block[0];
        });
    return block[0];
  }

  private void add(RepairStep step) {
    steps.add(step);
    planned.add(step.fix());
  }

  private void write(Fix fix, String sentence, long offset, byte[] after) throws IOException {
    byte[] before = subject.read(offset, after.length).array();
    add(new RepairStep.Write(fix, sentence, offset, before, after));
  }

  /// Whether the end's footer shares its bytes with another part, which would be changed with it: a
  /// block, too, which readers take where the footer is not the one in force.
  private boolean endShared() {
    return findings.stream()
        .anyMatch(finding ->
            (finding instanceof HeaderFinding.PartsOverlap overlap
                    && overlap.other().equals(Parts.END))
                || (finding instanceof TableFinding.EntryOutside entry
                    && entry.sector() * SECTOR_BYTES < subject.sizeBytes()));
  }

  /// Whether some part is not where the header says, so that the header may say it wrong.
  private boolean strayParts() {
    return findings.stream()
        .anyMatch(finding ->
            finding instanceof HeaderFinding.PartsOverlap
                || finding instanceof LocatorFinding.LocatorSpaceOutside
                || finding instanceof LocatorFinding.LocatorOutside
                || finding instanceof LocatorFinding.LocatorTooLong
                || finding instanceof LocatorFinding.LocatorOverlaps
                || finding instanceof BatmapFinding.BatmapMisplaced
                || finding instanceof BatmapFinding.BatmapOverlaps
                || finding instanceof BatmapFinding.BatmapMissing);
  }

  /// First byte after everything the image holds, if all of it is within the image.
  private long endOfContent(RawFooter footer, RawHeader header, ImageTables tables) {
    BlockTable table = tables.table();
    boolean differencing = footer.type() == DiskType.DIFFERENCING;
    if (!table.sound() || strayParts()) {
      return FooterRepairs.UNKNOWN_END;
    }
    long end = 0;
    for (TableCheck.Region region : tables.regions()) {
      end = Math.max(end, region.endBytes());
    }
    for (int i = 0; i < VhdLayout.HEADER_LOCATORS; i++) {
      RawHeader.Locator locator = header.locator(i);
      if (locator.used() && differencing) {
        end =
            Math.max(
                end, locator.offsetBytes() + Math.max(locator.spaceBytes(), locator.lengthBytes()));
      }
    }
    return table.size() == 0
        ? end
        : Math.max(
            end,
            table.offsetBytes(table.size() - 1)
                + (long) header.geometry().blockSectors() * SECTOR_BYTES);
  }

  private void entriesBeyondDisk(RawHeader header, int blocks) throws IOException {
    long[] firstAndEnd = {-1, 0};
    BlockTable.forEach(
        subject,
        header.tableOffsetBytes(),
        blocks,
        TableCheck.lookedAt(header, blocks),
        (index, sector) -> {
          firstAndEnd[0] = firstAndEnd[0] < 0 ? index : firstAndEnd[0];
          firstAndEnd[1] = index + 1;
          return true;
        });
    if (firstAndEnd[0] >= 0) {
      add(
          new RepairStep.Fill(
              Fix.ENTRIES_BEYOND_DISK,
              "Mark BAT entries "
                  + firstAndEnd[0]
                  + " to "
                  + (firstAndEnd[1] - 1)
                  + ", beyond the disk's end, as unallocated",
              header.tableOffsetBytes() + firstAndEnd[0] * Integer.BYTES,
              (firstAndEnd[1] - firstAndEnd[0]) * Integer.BYTES,
              (byte) 0xFF));
    }
  }

  private void batmapHeader(RawHeader header) throws IOException {
    Optional<RawBatmap> found = RawBatmap.find(subject, header);
    Optional<RawBatmap> right =
        found.isPresent() ? found.get().putRight(subject, header.entries()) : Optional.empty();
    if (right.isPresent()) {
      byte[] after = new byte[VhdLayout.BATMAP_HEADER_BYTES];
      right.get().header().get(0, after);
      write(
          Fix.BATMAP_HEADER,
          "Say in the batmap's header that the map stands behind it",
          right.get().offsetBytes(),
          after);
      // What else can be repaired is seen once the map is where it belongs.
      more = true;
    }
  }

  private void names(RawHeader header) throws IOException {
    List<LocatorCheck.Path> paths = LocatorCheck.paths(subject, header);
    if (wanted.contains(Fix.PARENT_NAME) && !paths.isEmpty()) {
      headerName(header, paths.getFirst().name());
    }
    if (wanted.contains(Fix.LOCATOR_NAME)) {
      for (LocatorCheck.Path path : paths) {
        locatorName(path, ParentNames.last(header.parentName()));
      }
    }
  }

  /// Name and checksum are both in the header's first sector, which is written at once.
  private void headerName(RawHeader header, String name) throws IOException {
    ByteBuffer changed = ByteBuffer.allocate(VhdLayout.HEADER_BYTES);
    changed.put(0, header.bytes(), 0, changed.capacity());
    for (int i = 0; i < ParentNames.FIRST_SECTOR_BYTES; i++) {
      changed.put(VhdLayout.HEADER_PARENT_NAME_AT + i, (byte) 0);
    }
    for (int i = 0; i < name.length(); i++) {
      changed.putChar(VhdLayout.HEADER_PARENT_NAME_AT + 2 * i, name.charAt(i));
    }
    changed.putInt(VhdLayout.HEADER_CHECKSUM_AT, RawHeader.checksum(changed));
    byte[] sector = new byte[SECTOR_BYTES];
    changed.get(0, sector);
    write(
        Fix.PARENT_NAME,
        "Name the parent '" + name + "' in the header, as the locators do",
        header.offsetBytes(),
        sector);
  }

  private void locatorName(LocatorCheck.Path path, String name) throws IOException {
    if (!path.name().equals(name) && ParentNames.canTake(path, name)) {
      namedLocators.add(path.locator().index());
      write(
          Fix.LOCATOR_NAME,
          "Name the parent '"
              + name
              + "' in locator "
              + path.locator().index()
              + ", as the header does",
          path.locator().offsetBytes(),
          ParentNames.bytes(path, ParentNames.renamed(path, name)));
    }
  }
}
