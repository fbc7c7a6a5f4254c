// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import io.strata.block.BlockDevice;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/// A server with one export, `disk`, on a unix socket in a directory of its own.
final class TestServer implements AutoCloseable {
  static final String EXPORT = "disk";

  private final Path directory;
  private final NbdExports exports = new NbdExports();
  private final NbdExport export;
  private final NbdServer server;

  TestServer(BlockDevice device) throws IOException {
    this(device, NbdLimits.DEFAULT);
  }

  TestServer(BlockDevice device, NbdLimits limits) throws IOException {
    directory = Files.createTempDirectory("nbd");
    export = new NbdExport(EXPORT, "a test's disk", device);
    exports.add(export);
    server = NbdServer.listen(new NbdEndpoint.UnixSocket(socket()), exports, limits);
  }

  Path socket() {
    return directory.resolve("nbd.sock");
  }

  NbdExports exports() {
    return exports;
  }

  NbdExport export() {
    return export;
  }

  NbdEndpoint endpoint() {
    return server.endpoint();
  }

  URI uri() {
    return server.uri(EXPORT);
  }

  NbdClient connect() throws IOException {
    return NbdClient.connect(endpoint(), EXPORT, Duration.ofSeconds(20));
  }

  RawClient connectRaw() throws IOException {
    return new RawClient(endpoint().address());
  }

  @Override
  public void close() throws IOException {
    server.close();
    Files.deleteIfExists(socket());
    Files.delete(directory);
  }
}
