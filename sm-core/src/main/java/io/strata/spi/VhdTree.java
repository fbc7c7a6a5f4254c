// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

import java.util.List;

/// Facet: the repository keeps VHD chains, which can be looked at and made shorter.
public interface VhdTree {

  /// Every node, parents before children.
  List<Volume> nodes() throws StorageException;
}
