// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.AttachmentRecord;
import io.strata.spi.SrUuid;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import java.util.List;
import java.util.Optional;

/// The nodes of an SR, parents before children.
public record SrTree(SrUuid sr, List<Node> nodes) {

  public SrTree {
    nodes = List.copyOf(nodes);
  }

  /// One VDI, snapshot or hidden base copy.
  ///
  /// @param depth parents above it
  /// @param physicalBytes storage it takes by itself
  /// @param hidden whether it is only the base of others
  /// @param snapshotOf the VDI it was taken of, where it is a snapshot
  /// @param waits what the next collection does about it and why, or why it stays; empty for what
  ///   is needed as it is
  /// @param attachments who holds it, and where
  public record Node(
      VdiUuid uuid,
      Optional<VdiUuid> parent,
      int depth,
      String nameLabel,
      Volume.Kind kind,
      long virtualSizeBytes,
      long physicalBytes,
      boolean hidden,
      boolean isASnapshot,
      Optional<VdiUuid> snapshotOf,
      Optional<String> problem,
      Optional<String> waits,
      List<AttachmentRecord> attachments) {

    public Node {
      attachments = List.copyOf(attachments);
    }
  }
}
