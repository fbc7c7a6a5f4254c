// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A process of [ManyExports]; closing it ends it.
///
/// @param uris of its disks, in their order
record DaemonProcess(Process process, List<String> uris) implements AutoCloseable {
  DaemonProcess {
    uris = List.copyOf(uris);
  }

  /// Starts a daemon with so many attached disks of 2 TiB.
  static DaemonProcess start(Scratch scratch, int disks) throws IOException {
    List<String> line = new ArrayList<>(Peer.ownJava());
    line.addAll(
        List.of(
            ManyExports.class.getName(),
            scratch.folder("many").toString(),
            Integer.toString(disks)));
    Path log = scratch.file("daemon.log");
    Process process = new ProcessBuilder(line).redirectError(log.toFile()).start();
    DaemonProcess daemon = new DaemonProcess(process, readUris(process));
    if (daemon.uris().size() != disks) {
      daemon.close();
      throw new IOException(
          "only " + daemon.uris().size() + " disks were attached: " + Files.readString(log));
    }
    return daemon;
  }

  private static List<String> readUris(Process process) throws IOException {
    List<String> uris = new ArrayList<>();
    BufferedReader output = process.inputReader();
    for (String uri = output.readLine(); uri != null && !uri.isEmpty(); uri = output.readLine()) {
      uris.add(uri);
    }
    return uris;
  }

  @Override
  public void close() throws IOException {
    process.getOutputStream().close();
    ServerProcess.awaitEnd(process);
  }
}
