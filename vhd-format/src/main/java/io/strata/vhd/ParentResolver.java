// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import io.strata.block.Container;
import java.io.IOException;

/// Finds the parent of a differencing image. A repository resolves by UUID within itself only.
@FunctionalInterface
public interface ParentResolver {

  /// Opens the parent for reading.
  ///
  /// @param link what the child says of it
  /// @param child where the child is, for messages
  /// @throws VhdRejectedException where there is no such parent here
  Container open(ParentLink link, String child) throws IOException;

  /// For images that must not have a parent.
  static ParentResolver none() {
    return (link, child) -> {
      throw new VhdRejectedException(
          child
              + " depends on the parent "
              + link.uuid()
              + ", and no place to look for it is known");
    };
  }
}
