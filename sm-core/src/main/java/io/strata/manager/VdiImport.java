// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.VdiUuid;
import java.io.InputStream;
import java.util.Optional;
import java.util.OptionalLong;

/// Request of `vdi-import`: a stream of an image to a new or an existing VDI.
///
/// @param into an existing VDI that is not in use
/// @param create the new VDI to make; its size may be 0 where the format says the size. Exactly one
///   of `into` and `create`
/// @param format how the stream is laid out; never guessed
/// @param image read to its end; the caller closes it
/// @param rawBytes how much a raw image holds, where that is known before it is read
public record VdiImport(
    Optional<VdiUuid> into,
    Optional<VdiCreate> create,
    ImageFormat format,
    InputStream image,
    OptionalLong rawBytes,
    ProgressListener progress) {

  /// One whose size is known once it was read.
  public VdiImport(
      Optional<VdiUuid> into,
      Optional<VdiCreate> create,
      ImageFormat format,
      InputStream image,
      ProgressListener progress) {
    this(into, create, format, image, OptionalLong.empty(), progress);
  }
}
