// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;

/// What this process may do.
public final class Privileges {
  /// Number of the capability for mounting. Source: capabilities(7).
  private static final int CAP_SYS_ADMIN = 21;

  private static final String EFFECTIVE = "CapEff:";
  private static final int HEXADECIMAL = 16;

  private Privileges() {}

  /// Whether it may mount filesystems.
  public static boolean mayMount(HostRoot root) {
    Path status = root.proc().resolve("self/status");
    try {
      return Files.readString(status)
          .lines()
          .filter(line -> line.startsWith(EFFECTIVE))
          .map(line -> line.substring(EFFECTIVE.length()).strip())
          .anyMatch(mask -> new BigInteger(mask, HEXADECIMAL).testBit(CAP_SYS_ADMIN));
    } catch (IOException | NumberFormatException unknown) {
      return false;
    }
  }
}
