// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import io.strata.vhd.DiskType;
import java.io.IOException;
import java.util.Optional;

/// What an image says of itself, as far as each part of it can be read.
///
/// @param header the dynamic header, where the footer in force leads to one
/// @param tables BAT and batmap, where the header leads to a BAT that can be read
record ImageMetadata(RawFooters footers, Optional<RawHeader> header, Optional<ImageTables> tables) {

  /// Reads header and tables, and adds what is wrong with them to the subject's findings.
  static ImageMetadata read(Subject subject, RawFooters footers) throws IOException {
    Optional<RawFooter> inForce =
        footers.inForce().filter(footer -> footer.type() != DiskType.FIXED);
    if (inForce.isEmpty()) {
      return new ImageMetadata(footers, Optional.empty(), Optional.empty());
    }
    RawFooter footer = inForce.get();
    Optional<RawHeader> header = HeaderCheck.run(subject, footer);
    boolean readable =
        header.isPresent()
            && FooterCheck.sizeValid(footer.diskBytes())
            && HeaderCheck.tableReadable(subject, footer, header.get());
    return new ImageMetadata(
        footers,
        header,
        readable
            ? Optional.of(ImageTables.read(subject, footers, footer, header.get()))
            : Optional.empty());
  }
}
