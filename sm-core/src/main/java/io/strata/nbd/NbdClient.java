// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import io.strata.block.BlockDevice;
import io.strata.block.ExtentVisitor;
import java.io.IOException;
import java.nio.ByteBuffer;

/// A block device at an NBD server.
public final class NbdClient implements BlockDevice {
  private final String exportName;

  private NbdClient(String exportName) {
    this.exportName = exportName;
  }

  /// Connects to one export.
  ///
  /// @throws IOException no server answers, or it refuses the export
  public static NbdClient connect(NbdEndpoint endpoint, String exportName) throws IOException {
    if (exportName.length() > 4096) {
      throw new IOException("export name of " + exportName.length() + " characters at " + endpoint);
    }
    return new NbdClient(exportName);
  }

  @Override
  public long sizeBytes() {
    throw new UnsupportedOperationException(exportName);
  }

  @Override
  public boolean readOnly() {
    throw new UnsupportedOperationException(exportName);
  }

  @Override
  public void read(long offsetBytes, ByteBuffer target) throws IOException {
    throw new UnsupportedOperationException(exportName);
  }

  @Override
  public void write(long offsetBytes, ByteBuffer source, Durability durability) throws IOException {
    throw new UnsupportedOperationException(exportName);
  }

  @Override
  public void flush() throws IOException {
    throw new UnsupportedOperationException(exportName);
  }

  @Override
  public void discard(long offsetBytes, long lengthBytes) throws IOException {
    throw new UnsupportedOperationException(exportName);
  }

  @Override
  public void writeZeroes(
      long offsetBytes, long lengthBytes, Zeroing zeroing, Durability durability)
      throws IOException {
    throw new UnsupportedOperationException(exportName);
  }

  @Override
  public boolean fastZeroes(Zeroing zeroing) {
    throw new UnsupportedOperationException(exportName);
  }

  @Override
  public void extents(long offsetBytes, long lengthBytes, ExtentVisitor visitor)
      throws IOException {
    throw new UnsupportedOperationException(exportName);
  }

  @Override
  public void close() throws IOException {}
}
