// SPDX-License-Identifier: Apache-2.0
package io.strata.driver.local;

import io.strata.host.Signature;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;

/// Whether an SR can be put on a disk or partition.
sealed interface Verdict {

  /// It is blank and free.
  record Blank() implements Verdict {}

  /// An SR lives there that is not attached.
  record HoldsSr(SrUuid sr) implements Verdict {}

  /// It is free, but holds something that is not an SR.
  record HoldsForeign(Signature content) implements Verdict {}

  /// It must not be touched.
  record Refused(StorageException why) implements Verdict {}
}
