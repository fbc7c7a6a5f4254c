// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import io.strata.block.Container;
import io.strata.vhd.DiskType;
import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/// Looks for everything in an image that is not as the format wants it.
///
/// Reads each structure by itself, so that images are read which are too damaged to be opened; what
/// can't be located is not looked at, and the finding says so. Linear in the size of the metadata,
/// with memory for the BAT's entries in use, of one image of a chain at a time; linear in the data
/// too if bitmaps are checked. Writes nothing.
public final class VhdChecker {
  private final Subject subject;
  private final CheckOptions options;
  private Optional<RawFooter> footer = Optional.empty();
  private Optional<RawHeader> linked = Optional.empty();
  private int blocks;
  private long allocated;

  private VhdChecker(Subject subject, CheckOptions options) {
    this.subject = subject;
    this.options = options;
  }

  /// Checks an image.
  ///
  /// @param container the image; it stays the caller's, and does not change meanwhile
  /// @throws IOException where the medium fails; damage of the image is a finding
  public static CheckReport check(Container container, CheckOptions options) throws IOException {
    long now = options.clock().instant().getEpochSecond() - VhdLayout.EPOCH_2000_SECONDS;
    Findings findings = new Findings(options.mostFindings());
    Subject subject = new Subject(container, container.sizeBytes(), now, findings);
    VhdChecker checker = new VhdChecker(subject, options);
    checker.image();
    return checker.report(checker.chain());
  }

  /// Checks an image by itself, whatever its parents are.
  static void alone(Subject subject, CheckOptions options) throws IOException {
    new VhdChecker(subject, options).image();
  }

  private void image() throws IOException {
    if (subject.sizeBytes() < VhdLayout.SHORT_FOOTER_BYTES) {
      subject.add(new FooterFinding.ImageTooSmall(subject.at(0), subject.sizeBytes()));
      return;
    }
    int before = subject.findings().kept().size();
    RawFooters footers = RawFooters.read(subject.container());
    FooterCheck.run(subject, footers);
    footer = footers.inForce();
    ImageMetadata image = ImageMetadata.read(subject, footers);
    if (image.header().isPresent()) {
      dynamic(image, footer.orElseThrow(), image.header().get());
    }
    List<Finding> kept = subject.findings().kept();
    List<Finding> own = kept.subList(before, kept.size());
    subject.findings().mended(RepairPlanner.mended(subject, image, own));
  }

  private void dynamic(ImageMetadata image, RawFooter inForce, RawHeader header)
      throws IOException {
    Optional<ImageTables> tables = image.tables();
    if (tables.isPresent()) {
      tables(tables.get(), inForce, header);
    }
    Parts parts =
        Parts.of(
            subject,
            image.footers(),
            header,
            tables.map(ImageTables::table),
            tables.flatMap(ImageTables::batmap));
    parts.overlaps(subject);
    if (inForce.type() == DiskType.DYNAMIC) {
      LocatorCheck.inDynamic(subject, header);
    } else {
      LocatorCheck.run(subject, header, parts);
      linked = image.header();
    }
  }

  /// Checks the parents, once nothing is held any more of what the image itself takes.
  ///
  /// @return images in the chain, where it is looked at, else 1
  private int chain() throws IOException {
    if (options.parents().isEmpty() || footer.isEmpty() || linked.isEmpty()) {
      return 1;
    }
    return new ChainCheck(subject, options, options.parents().get())
        .run(footer.get(), linked.get());
  }

  private void tables(ImageTables tables, RawFooter inForce, RawHeader header) throws IOException {
    BlockTable table = tables.table();
    Optional<RawBatmap> batmap = tables.batmap();
    blocks = tables.blocks();
    allocated = table.allocated();
    BitSet claimed =
        batmap.isPresent() ? BatmapCheck.run(subject, batmap.get(), blocks) : new BitSet();
    BatmapCheck.compare(
        subject, table, header, batmap, claimed, inForce.diskBytes(), options.bitmaps());
  }

  private CheckReport report(int depth) {
    return new CheckReport(
        subject.container().location(),
        footer.map(RawFooter::uuid),
        footer.map(RawFooter::type),
        footer.map(RawFooter::diskBytes).orElse(0L),
        subject.sizeBytes(),
        blocks,
        allocated,
        depth,
        options.bitmaps(),
        subject.findings().kept(),
        subject.findings().mended(),
        subject.findings().more());
  }
}
