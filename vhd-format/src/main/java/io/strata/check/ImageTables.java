// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The BAT and the batmap of an image, as far as each can be believed.
///
/// @param batmap the batmap, where it is within the image and apart from everything else
/// @param regions what no block may lie on, the batmap too
/// @param table the blocks that the BAT names
/// @param blocks blocks of the disk
record ImageTables(
    Optional<RawBatmap> batmap, List<TableCheck.Region> regions, BlockTable table, int blocks) {

  /// Reads them, and adds what is wrong with them to the subject's findings.
  static ImageTables read(Subject subject, RawFooters footers, RawFooter footer, RawHeader header)
      throws IOException {
    long contentEnd = contentEnd(subject, footers);
    int blocks = (int) Math.ceilDiv(footer.diskBytes(), header.blockBytes());
    List<TableCheck.Region> regions = new ArrayList<>(TableCheck.regions(header));
    Optional<RawBatmap> batmap = BatmapCheck.find(subject, footer, header);
    if (batmap.isPresent() && !batmap.get().usual(header.entries())) {
      // Where its header is damaged, it is not the blocks that lie on the batmap.
      BlockTable unseen = new TableCheck(subject.silent(), header, regions, contentEnd).run(blocks);
      Parts others = Parts.of(subject, footers, header, Optional.of(unseen), Optional.empty());
      others.addLocators();
      batmap = BatmapCheck.apart(subject, header, batmap.get(), others);
    }
    batmap.ifPresent(
        map -> regions.add(new TableCheck.Region("batmap", map.offsetBytes(), map.endBytes())));
    BlockTable table = new TableCheck(subject, header, regions, contentEnd).run(blocks);
    return new ImageTables(batmap, regions, table, blocks);
  }

  /// First byte of the footer at the end, or after the image where there is none.
  static long contentEnd(Subject subject, RawFooters footers) {
    return footers.end().valid() ? footers.end().offsetBytes() : subject.sizeBytes();
  }
}
