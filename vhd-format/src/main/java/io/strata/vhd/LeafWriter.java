// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import io.strata.block.BlockDevice.Zeroing;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Changes the image of a chain that takes the writes. Ranges lie within the disk.
sealed interface LeafWriter permits BlockWriter, FixedWriter {

  /// To be called before each change.
  void begin() throws IOException;

  void write(long offsetBytes, ByteBuffer source) throws IOException;

  void writeZeroes(long offsetBytes, long lengthBytes, Zeroing zeroing) throws IOException;

  /// Makes every change that returned before this call durable.
  void flush() throws IOException;

  /// The last act before closing.
  void finish() throws IOException;
}
