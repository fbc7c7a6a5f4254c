// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.image;

import io.strata.manager.TooLargeException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/// A stream that fails where it holds more bytes than it may: what unpacks to more than the disk.
final class BoundedInput extends FilterInputStream {
  private final long maxBytes;
  private long readBytes;

  BoundedInput(InputStream source, long maxBytes) {
    super(source);
    this.maxBytes = maxBytes;
  }

  @Override
  public int read() throws IOException {
    int value = in.read();
    if (value >= 0) {
      count(1);
    }
    return value;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    int count = in.read(target, offset, length);
    if (count > 0) {
      count(count);
    }
    return count;
  }

  @Override
  public long skip(long count) throws IOException {
    long skipped = in.skip(count);
    count(skipped);
    return skipped;
  }

  @Override
  public boolean markSupported() {
    return false;
  }

  private void count(long bytes) throws IOException {
    readBytes += bytes;
    if (readBytes > maxBytes) {
      throw new TooLargeException(
          "The image holds more than the " + maxBytes + " bytes that the disk takes");
    }
  }
}
