// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/// What the figures were measured on.
final class Machine {
  private Machine() {}

  static String describe() throws IOException, InterruptedException {
    Path folder = Path.of(System.getProperty("java.io.tmpdir"));
    FileStore store = Files.getFileStore(folder);
    String load = Files.readString(Path.of("/proc/loadavg"));
    return String.format(
        Locale.ROOT,
        "%d processors, load %s, kernel %s, %s, images on %s; %s",
        Runtime.getRuntime().availableProcessors(),
        load.substring(0, load.indexOf(' ')),
        System.getProperty("os.version"),
        Command.run("qemu-img", "--version").lines().findFirst().orElse(""),
        store.type(),
        "Java " + Runtime.version());
  }
}
