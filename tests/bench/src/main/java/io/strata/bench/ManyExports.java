// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import io.strata.manager.Attachment;
import io.strata.spi.StorageException;
import java.io.IOException;
import java.nio.file.Path;

/// A daemon's process with many disks attached: prints their URIs and then an empty line, and ends
/// with its standard input.
final class ManyExports {
  private static final long SIZE_BYTES = 2040 * Scale.GIB;

  private ManyExports() {}

  /// @param args folder, number of disks
  public static void main(String[] args) throws IOException, StorageException {
    int disks = Integer.parseInt(args[1]);
    try (Testbed testbed = Testbed.open(new Scratch(Path.of(args[0])))) {
      for (int i = 0; i < disks; i++) {
        Attachment attachment = testbed.attach(testbed.disk("disk " + i, SIZE_BYTES));
        System.out.println(attachment.uri());
      }
      System.out.println();
      System.out.flush();
      while (System.in.read() >= 0) {
        // Nothing is said; its end is the sign.
      }
    }
  }
}
