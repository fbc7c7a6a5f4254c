// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack;

import io.strata.nbd.NbdEndpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;

/// The folder that belongs to one daemon, and the places in it.
///
/// @param root absolute
public record StrataHome(Path root) {
  /// What a unix socket's path leaves: below a home are `/run/` and, while a socket is made, 24
  /// bytes of a private name.
  static final int MOST_BYTES =
      NbdEndpoint.UnixSocket.MAX_PATH_BYTES - "/run/.s12345678901234567890/s".length();

  private static final Path SYSTEM = Path.of("/var/lib/strata");

  public StrataHome {
    root = root.toAbsolutePath().normalize();
  }

  /// The home to use: the one that was given, else `STRATA_HOME`, else `/var/lib/strata` for root
  /// where it exists, else `~/.strata`.
  public static StrataHome choose(Optional<String> given, Map<String, String> environment) {
    String named =
        given
            .or(() -> Optional.ofNullable(environment.get("STRATA_HOME")))
            .filter(path -> !path.isEmpty())
            .orElse("");
    if (!named.isEmpty()) {
      return new StrataHome(Path.of(named));
    }
    if ("root".equals(System.getProperty("user.name")) && Files.isDirectory(SYSTEM)) {
      return new StrataHome(SYSTEM);
    }
    return new StrataHome(Path.of(System.getProperty("user.home"), ".strata"));
  }

  /// What exists only while the daemon runs: sockets, lock and PID; for the owner alone.
  public Path run() {
    return root.resolve("run");
  }

  /// The API's unix socket.
  public Path apiSocket() {
    return run().resolve("api.sock");
  }

  /// Locked by the daemon as long as it lives.
  public Path lock() {
    return run().resolve("daemon.lock");
  }

  /// The daemon's process id, in decimal.
  public Path pid() {
    return run().resolve("strata.pid");
  }

  /// Where logs are.
  public Path logs() {
    return root.resolve("log");
  }

  /// The daemon's log.
  public Path log() {
    return logs().resolve("strata.log");
  }

  /// What the daemon's process printed before its log was open, or while it died.
  public Path console() {
    return logs().resolve("console.log");
  }

  /// Makes the folders, for the owner alone where they are new. A `run` that others may enter is
  /// closed to them.
  ///
  /// @throws IOException also where the sockets' paths would be longer than the system takes
  public void prepare() throws IOException {
    requireShort();
    createPrivately(root);
    createPrivately(run());
    createPrivately(logs());
    Files.setPosixFilePermissions(run(), PosixFilePermissions.fromString("rwx------"));
  }

  private void requireShort() throws IOException {
    int bytes = root.toString().getBytes(StandardCharsets.UTF_8).length;
    if (bytes > MOST_BYTES) {
      throw new IOException(
          "The home's path "
              + root
              + " has "
              + bytes
              + " bytes, and its sockets allow "
              + MOST_BYTES
              + ". Give a shorter one with --home or STRATA_HOME; a symbolic link will do.");
    }
  }

  private static void createPrivately(Path folder) throws IOException {
    if (Files.isSymbolicLink(folder) && Files.isDirectory(folder)) {
      return;
    }
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
  }
}
