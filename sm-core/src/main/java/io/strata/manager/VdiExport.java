// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.VdiUuid;
import java.io.OutputStream;

/// Request of `vdi-export`.
///
/// @param image takes the bytes; the caller closes it
public record VdiExport(
    VdiUuid vdi, ImageFormat format, OutputStream image, ProgressListener progress) {}
