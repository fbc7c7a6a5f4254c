// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import io.strata.block.Container;
import java.io.IOException;
import java.nio.ByteBuffer;

/// The image under check, and where findings go.
///
/// @param sizeBytes the image's size when the check began
/// @param now seconds since 2000-01-01 UTC
record Subject(Container container, long sizeBytes, long now, Findings findings) {

  /// Another image of the same check.
  Subject with(Container other) throws IOException {
    return new Subject(other, other.sizeBytes(), now, findings);
  }

  Where at(long offsetBytes) {
    return Where.at(container.location(), offsetBytes);
  }

  Where block(long offsetBytes, int block) {
    return Where.block(container.location(), offsetBytes, block);
  }

  void add(Finding finding) {
    findings.add(finding);
  }

  /// The same image, with findings that nobody sees.
  Subject silent() {
    return new Subject(container, sizeBytes, now, new Findings(0));
  }

  /// The bytes at an offset within the image, in a buffer at position 0.
  ByteBuffer read(long offsetBytes, int lengthBytes) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(lengthBytes);
    container.read(offsetBytes, bytes);
    return bytes.flip();
  }
}
