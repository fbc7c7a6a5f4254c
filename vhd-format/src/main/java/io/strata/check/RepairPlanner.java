// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.block.Container;
import io.strata.vhd.DiskType;
import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Works out the steps of a repair, from the image and what a check of it found.
final class RepairPlanner {
  private static final long UNKNOWN_END = Long.MAX_VALUE;

  private final Subject subject;
  private final CheckReport report;
  private final List<RepairStep> steps = new ArrayList<>();
  private final Set<Fix> wanted = EnumSet.noneOf(Fix.class);
  private final Set<Fix> planned = EnumSet.noneOf(Fix.class);
  private boolean more;

  RepairPlanner(Container container, CheckReport report, long now) {
    this.report = report;
    subject = new Subject(container, container.sizeBytes(), now, new Findings(0));
    report.findings().stream()
        .filter(report::own)
        .forEach(finding -> finding.fix().ifPresent(wanted::add));
  }

  RepairPlan plan() throws IOException {
    if (!wanted.isEmpty() && subject.sizeBytes() >= VhdLayout.SHORT_FOOTER_BYTES) {
      RawFooters footers = RawFooters.read(subject.container());
      Optional<RawFooter> footer = footers.inForce();
      if (footer.isPresent()) {
        plan(footers, footer.get());
      }
    }
    List<Finding> unfixable =
        report.findings().stream()
            .filter(finding -> finding.severity() != Severity.INFO)
            .filter(finding ->
                !report.own(finding) || finding.fix().filter(planned::contains).isEmpty())
            .toList();
    return new RepairPlan(
        report.image(), subject.sizeBytes(), steps, unfixable, more || report.moreFindings() > 0);
  }

  private void plan(RawFooters footers, RawFooter footer) throws IOException {
    if (footers.oldEnd().isPresent()) {
      interruptedGrowth(footers.end(), footer);
      return;
    }
    if (footer.type() == DiskType.FIXED) {
      footers(footers, footer, UNKNOWN_END);
      return;
    }
    Optional<RawHeader> header = HeaderCheck.run(subject, footer);
    if (header.isEmpty()) {
      footers(footers, footer, UNKNOWN_END);
      return;
    }
    boolean readable =
        FooterCheck.sizeValid(footer.diskBytes())
            && HeaderCheck.tableReadable(subject, footer, header.get());
    if (readable) {
      dynamic(footers, footer, header.get());
    } else {
      footers(footers, footer, UNKNOWN_END);
    }
    if (footer.type() == DiskType.DIFFERENCING) {
      names(header.get());
    }
  }

  private void dynamic(RawFooters footers, RawFooter footer, RawHeader header) throws IOException {
    ImageTables tables = ImageTables.read(subject, footers, footer, header);
    BlockTable table = tables.table();
    footers(footers, footer, endOfContent(footer, header, table, tables.regions()));
    if (wanted.contains(Fix.BATMAP_HEADER)) {
      batmapHeader(header);
    }
    boolean whole = table.sound() && !strayParts() && !footers.inDoubt();
    if (!whole) {
      return;
    }
    boolean tableApart =
        header.tableOffsetBytes() + header.tableBytes() <= ImageTables.contentEnd(subject, footers);
    if (wanted.contains(Fix.ENTRIES_BEYOND_DISK) && tableApart) {
      entriesBeyondDisk(header, tables.blocks());
    }
    BlockRepairs blocks = new BlockRepairs(subject, header, tables, footer.diskBytes(), this::add);
    if (wanted.contains(Fix.BITMAPS)) {
      blocks.bitmaps();
    }
    if (wanted.contains(Fix.BATMAP)) {
      blocks.batmap();
    }
    if (wanted.contains(Fix.UNUSED_SECTORS)) {
      more |= blocks.unusedSectors();
    }
  }

  private void add(Fix fix, RepairStep step) {
    steps.add(step);
    planned.add(fix);
  }

  private void write(Fix fix, String sentence, long offset, byte[] after) throws IOException {
    byte[] before = subject.read(offset, after.length).array();
    add(fix, new RepairStep.Write(sentence, offset, before, after));
  }

  /// The copy comes first: readers believe it, so that from there on the end counts for nothing.
  ///
  /// @param contentEnd first byte after everything known of the image
  private void footers(RawFooters footers, RawFooter inForce, long contentEnd) throws IOException {
    if (!wanted.contains(Fix.FOOTERS) || endShared()) {
      return;
    }
    RawFooter end = footers.end();
    boolean endAtSector = end.offsetBytes() % SECTOR_BYTES == 0;
    byte[] right = inForce.corrected(subject.now()).array();
    if (inForce.type() == DiskType.FIXED) {
      if (endAtSector) {
        replace(end, right);
      }
      return;
    }
    if (footers.inDoubt()) {
      return;
    }
    if (footers.copy().isPresent()) {
      replace(footers.copy().get(), right);
    }
    if (endAtSector && (end.valid() || end.offsetBytes() >= contentEnd)) {
      replace(end, right);
    } else if (contentEnd < UNKNOWN_END) {
      append(right, Math.max(subject.sizeBytes(), contentEnd));
    }
  }

  /// The footer is at the end before the old place is cleared, which is not a part of the disk.
  private void interruptedGrowth(RawFooter end, RawFooter oldEnd) {
    if (!wanted.contains(Fix.INTERRUPTED_GROWTH)) {
      return;
    }
    byte[] right = oldEnd.corrected(subject.now()).array();
    if (end.offsetBytes() % SECTOR_BYTES == 0) {
      replace(end, right);
    } else {
      append(right, subject.sizeBytes());
    }
    add(
        Fix.INTERRUPTED_GROWTH,
        new RepairStep.Fill(
            "Clear the footer where the end was",
            oldEnd.offsetBytes(),
            VhdLayout.FOOTER_BYTES,
            (byte) 0));
  }

  /// Only where everything of the image is known to be there: what was cut off would read as zeroes
  /// after growth, and pass for data.
  private void append(byte[] right, long from) {
    long size = subject.sizeBytes();
    long at = VhdLayout.roundUp(from, SECTOR_BYTES);
    long grown = at + VhdLayout.FOOTER_BYTES;
    add(Fix.FOOTERS, new RepairStep.Grow("Make room for a footer at the end", size, grown - size));
    add(
        Fix.FOOTERS,
        new RepairStep.Write(
            "Write the footer at the end", at, new byte[VhdLayout.FOOTER_BYTES], right));
  }

  private void replace(RawFooter footer, byte[] right) {
    byte[] before = new byte[footer.lengthBytes()];
    footer.bytes().get(0, before);
    byte[] after = Arrays.copyOf(right, footer.lengthBytes());
    if (!Arrays.equals(before, after)) {
      String sentence =
          switch (footer.place()) {
            case COPY -> "Write the copy of the footer at offset 0";
            case END, OLD_END -> "Write the footer at the end";
          };
      add(Fix.FOOTERS, new RepairStep.Write(sentence, footer.offsetBytes(), before, after));
    }
  }

  /// Whether the end's footer shares its bytes with another part, which would be changed with it.
  private boolean endShared() {
    return report.findings().stream()
        .filter(report::own)
        .anyMatch(finding ->
            finding instanceof HeaderFinding.PartsOverlap overlap
                && overlap.other().equals(Parts.END));
  }

  /// Whether some part is not where the header says, so that the header may say it wrong.
  private boolean strayParts() {
    return report.findings().stream()
        .filter(report::own)
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
  private long endOfContent(
      RawFooter footer, RawHeader header, BlockTable table, List<TableCheck.Region> regions) {
    boolean differencing = footer.type() == DiskType.DIFFERENCING;
    if (!table.sound() || strayParts()) {
      return UNKNOWN_END;
    }
    long end = 0;
    for (TableCheck.Region region : regions) {
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
          Fix.ENTRIES_BEYOND_DISK,
          new RepairStep.Fill(
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
        locatorName(path, header.parentName());
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
