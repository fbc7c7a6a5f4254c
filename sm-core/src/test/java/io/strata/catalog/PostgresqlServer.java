// SPDX-License-Identifier: Apache-2.0
package io.strata.catalog;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A PostgreSQL server of Debian's packages, on loopback, for the length of a test.
final class PostgresqlServer implements AutoCloseable {
  private static final Path VERSIONS = Path.of("/usr/lib/postgresql");

  private final Process process;
  private final int port;

  private PostgresqlServer(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /// Why none can be started here; empty if one can.
  static String missing() throws IOException {
    if (binaries() == null) {
      return "no PostgreSQL server under " + VERSIONS;
    }
    if (root() && !Files.isExecutable(Path.of("/usr/sbin/runuser"))) {
      return "PostgreSQL does not run as root, and there is no runuser";
    }
    return "";
  }

  private static @org.jspecify.annotations.Nullable Path binaries() throws IOException {
    if (!Files.isDirectory(VERSIONS)) {
      return null;
    }
    try (Stream<Path> versions = Files.list(VERSIONS)) {
      return versions
          .map(version -> version.resolve("bin"))
          .filter(bin -> Files.isExecutable(bin.resolve("initdb")))
          .findFirst()
          .orElse(null);
    }
  }

  private static boolean root() {
    return "root".equals(System.getProperty("user.name"));
  }

  static PostgresqlServer start(Path folder) throws Exception {
    Path data = folder.resolve("data");
    Files.createDirectories(data);
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    if (root()) {
      Files.setOwner(
          data,
          data.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("postgres"));
    }
    Path bin = java.util.Objects.requireNonNull(binaries());
    Path log = folder.resolve("log");
    run(
        log,
        bin.resolve("initdb"),
        "-D",
        data,
        "-U",
        "strata",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-locale",
        "--no-sync");
    int port = freePort();
    Process process =
        new ProcessBuilder(
                command(
                    bin.resolve("postgres"),
                    "-D",
                    data,
                    "-p",
                    port,
                    "-h",
                    "127.0.0.1",
                    "-c",
                    "unix_socket_directories=",
                    "-c",
                    "fsync=off"))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    PostgresqlServer server = new PostgresqlServer(process, port);
    server.await(log);
    return server;
  }

  private static List<String> command(Object... arguments) {
    List<String> command = new ArrayList<>();
    if (root()) {
      command.addAll(List.of("/usr/sbin/runuser", "-u", "postgres", "--"));
    }
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    return command;
  }

  private static void run(Path log, Object... arguments) throws Exception {
    Process process =
        new ProcessBuilder(command(arguments))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
      process.destroyForcibly();
      throw new IOException(Files.readString(log, StandardCharsets.UTF_8));
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private void await(Path log) throws Exception {
    for (int attempt = 0; attempt < 300; attempt++) {
      try {
        DriverManager.getConnection(url("postgres"), "strata", "").close();
        return;
      } catch (SQLException e) {
        if (!process.isAlive()) {
          throw new IOException(Files.readString(log, StandardCharsets.UTF_8), e);
        }
        Thread.sleep(100);
      }
    }
    close();
    throw new IOException(Files.readString(log, StandardCharsets.UTF_8));
  }

  String url(String database) {
    return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (process.waitFor(30, TimeUnit.SECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    process.destroyForcibly();
  }
}
