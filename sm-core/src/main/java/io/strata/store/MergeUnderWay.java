// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.spi.VdiUuid;
import java.io.IOException;

/// A merge that a user's operation on the same volume goes before. Under the repository's lock.
interface MergeUnderWay {
  /// How long an operation waits until the copy lets go of the images.
  int CANCEL_SECONDS = 30;

  /// Whether a user's operation on this node must break the merge off.
  boolean concerns(VdiUuid vdi);

  /// Whether it reads or writes this node's image.
  boolean uses(VdiUuid node);

  /// Breaks the copy off, and waits until it lets go of the images.
  ///
  /// @return whether it does: a merge of a running leaf that is halfway ends with its device
  boolean cancel() throws IOException;
}
