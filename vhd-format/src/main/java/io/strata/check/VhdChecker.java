// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import io.strata.block.Container;
import io.strata.vhd.DiskType;
import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.util.BitSet;
import java.util.Optional;

/// Looks for everything in an image that is not as the format wants it.
///
/// Reads each structure by itself, so that images are read which are too damaged to be opened; what
/// can't be located is not looked at, and the finding says so. Linear in the size of the metadata,
/// with memory for the BAT's entries in use; linear in the data too if bitmaps are checked. Writes
/// nothing.
public final class VhdChecker {
  private final Subject subject;
  private final CheckOptions options;
  private int blocks;
  private long allocated;
  private int depth = 1;

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
    return new VhdChecker(subject, options).run();
  }

  private CheckReport run() throws IOException {
    if (subject.sizeBytes() < VhdLayout.SHORT_FOOTER_BYTES) {
      subject.add(new FooterFinding.ImageTooSmall(subject.at(0), subject.sizeBytes()));
      return report(Optional.empty());
    }
    RawFooters footers = RawFooters.read(subject.container());
    FooterCheck.run(subject, footers);
    Optional<RawFooter> footer = footers.inForce();
    if (footer.isPresent() && footer.get().type() != DiskType.FIXED) {
      dynamic(footers, footer.get());
    }
    return report(footer);
  }

  private void dynamic(RawFooters footers, RawFooter footer) throws IOException {
    Optional<RawHeader> found = HeaderCheck.run(subject, footer);
    if (found.isEmpty()) {
      return;
    }
    RawHeader header = found.get();
    Optional<BlockTable> table =
        FooterCheck.sizeValid(footer.diskBytes())
                && HeaderCheck.tableReadable(subject, footer, header)
            ? Optional.of(table(footers, footer, header))
            : Optional.empty();
    Parts parts = Parts.of(subject, footers, header, table);
    parts.overlaps(subject);
    if (footer.type() == DiskType.DYNAMIC) {
      LocatorCheck.inDynamic(subject, header);
      return;
    }
    LocatorCheck.run(subject, header, parts);
    if (options.parents().isPresent()) {
      depth =
          new ChainCheck(subject, options.parents().get(), options.mostParents())
              .run(footer, header);
    }
  }

  private BlockTable table(RawFooters footers, RawFooter footer, RawHeader header)
      throws IOException {
    ImageTables tables = ImageTables.read(subject, footers, footer, header);
    BlockTable table = tables.table();
    Optional<RawBatmap> batmap = tables.batmap();
    blocks = tables.blocks();
    allocated = table.allocated();
    BitSet claimed =
        batmap.isPresent() ? BatmapCheck.run(subject, batmap.get(), blocks) : new BitSet();
    BatmapCheck.compare(
        subject, table, header, batmap, claimed, footer.diskBytes(), options.bitmaps());
    return table;
  }

  private CheckReport report(Optional<RawFooter> footer) {
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
        subject.findings().more());
  }
}
