// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.VdiUuid;
import java.io.OutputStream;
import java.util.Optional;

/// Request of `vdi-export`.
///
/// @param base a snapshot in the same SR: the image holds what changed since it, as a differencing
///   VHD whose parent is that snapshot's UUID
/// @param image takes the bytes; the caller closes it
public record VdiExport(
    VdiUuid vdi,
    Optional<VdiUuid> base,
    ImageFormat format,
    OutputStream image,
    ProgressListener progress) {

  /// A full export.
  public VdiExport(VdiUuid vdi, ImageFormat format, OutputStream image, ProgressListener progress) {
    this(vdi, Optional.empty(), format, image, progress);
  }
}
