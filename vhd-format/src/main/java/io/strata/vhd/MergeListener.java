// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import java.io.IOException;

/// Follows a merge, and may slow it down or stop it.
public interface MergeListener {

  /// Called after each piece. May block to limit the rate.
  ///
  /// @param bytes what was merged since the last call
  /// @throws IOException to stop the merge; what was merged stays
  void merged(long bytes) throws IOException;

  /// Called when everything before this block is durable, so that a merge can go on from there.
  default void durableUpTo(int block) throws IOException {}

  /// A listener that does nothing.
  static MergeListener none() {
    return _ -> {};
  }
}
