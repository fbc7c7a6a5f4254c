// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.daemon;

import io.strata.toolstack.StrataHome;

/// Chooses where this process logs. To be called before anything logs: the logging library reads
/// its configuration once.
public final class DaemonLog {
  private DaemonLog() {}

  /// To the home's log, which is rotated.
  public static void toFile(StrataHome home) {
    System.setProperty("strata.log", home.log().toString());
    choose("io/strata/toolstack/daemon/logback-daemon.xml");
  }

  /// Warnings and worse to standard error.
  public static void toConsole() {
    choose("io/strata/toolstack/daemon/logback-console.xml");
  }

  private static void choose(String resource) {
    System.setProperty(
        "logback.statusListenerClass", "ch.qos.logback.core.status.NopStatusListener");
    System.setProperty("logback.configurationFile", resource);
  }
}
