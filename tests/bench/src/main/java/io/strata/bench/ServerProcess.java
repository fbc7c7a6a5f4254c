// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import io.strata.nbd.NbdClient;
import io.strata.nbd.NbdEndpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// An NBD server of any kind on a unix socket; closing it ends it.
///
/// @param socket where it listens
/// @param log what it wrote
record ServerProcess(Process process, Path socket, Path log) implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(60);
  private static final long STOP_SECONDS = 60;

  /// Clock ticks of `/proc/PID/stat`, on every Linux of today.
  private static final long TICKS_PER_SECOND = 100;

  /// Starts a server and waits until its default export can be opened.
  static ServerProcess start(List<String> line, Path socket)
      throws IOException, InterruptedException {
    return start(line, socket, "");
  }

  /// Starts a server and waits until an export of it can be opened.
  static ServerProcess start(List<String> line, Path socket, String export)
      throws IOException, InterruptedException {
    Files.deleteIfExists(socket);
    Path log = Path.of(socket + ".log");
    Process process =
        new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    ServerProcess server = new ServerProcess(process, socket, log);
    long end = System.nanoTime() + START.toNanos();
    while (!server.answers(export)) {
      if (!process.isAlive() || System.nanoTime() > end) {
        server.close();
        throw new IOException(line + " does not serve: " + Files.readString(log));
      }
      Thread.sleep(10);
    }
    return server;
  }

  private boolean answers(String export) {
    if (!Files.exists(socket)) {
      return false;
    }
    try (NbdClient client = client(export)) {
      return client.sizeBytes() > 0;
    } catch (IOException e) {
      return false;
    }
  }

  NbdClient client() throws IOException {
    return client("");
  }

  private NbdClient client(String export) throws IOException {
    return NbdClient.connect(new NbdEndpoint.UnixSocket(socket), export);
  }

  GuestConnection guest() throws IOException {
    return GuestConnection.open(new NbdEndpoint.UnixSocket(socket), "");
  }

  String uri() {
    return "nbd+unix:///?socket=" + socket;
  }

  /// Lets the server's threads, and those that they make, run on these processors only.
  ///
  /// @param processors as `taskset` takes them
  void pin(String processors) throws IOException, InterruptedException {
    pin(process.pid(), processors);
  }

  static void pin(long pid, String processors) throws IOException, InterruptedException {
    Command.run("taskset", "-a", "-c", "-p", processors, Long.toString(pid));
  }

  /// Processor time it used until now, in microseconds, in steps of 10 ms.
  long cpuMicros() throws IOException {
    return cpuMicros(process.pid());
  }

  static long cpuMicros(long pid) throws IOException {
    String stat = Files.readString(Path.of("/proc/" + pid + "/stat"), StandardCharsets.UTF_8);
    // The second field is a name in parentheses that may hold spaces.
    List<String> fields = List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1));
    long ticks = Long.parseLong(fields.get(11)) + Long.parseLong(fields.get(12));
    return ticks * (1_000_000 / TICKS_PER_SECOND);
  }

  /// A line of `/proc/PID/status` that is an amount of memory, in MiB.
  static double memoryMib(long pid, String key) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
        .filter(line -> line.startsWith(key + ":"))
        .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) / 1024)
        .findFirst()
        .orElseThrow(() -> new IOException("no " + key + " of process " + pid));
  }

  @Override
  public void close() {
    process.destroy();
    awaitEnd(process);
  }

  /// Waits for a process that was told to end; one that does not is killed.
  static void awaitEnd(Process process) {
    try {
      if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
