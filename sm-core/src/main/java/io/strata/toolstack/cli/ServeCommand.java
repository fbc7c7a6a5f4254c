// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.block.BlockDevice;
import io.strata.manager.ImageFormat;
import io.strata.nbd.NbdEndpoint;
import io.strata.nbd.NbdExport;
import io.strata.nbd.NbdExports;
import io.strata.nbd.NbdServer;
import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.toolstack.Rendering;
import io.strata.toolstack.image.ImageDevice;
import io.strata.toolstack.image.ImageLock;
import io.strata.toolstack.image.ImageName;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `strata serve`: one file over NBD, without a daemon.
@Command(
    name = "serve",
    description = {
      "Serve a VHD, with its parents from the same folder, or a raw file over NBD.",
      "The export has the empty name, and the file's own. A name that ends in .vhd is a VHD, any"
          + " other a raw file. SIGTERM and Ctrl-C flush and end it."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class ServeCommand implements Callable<Integer> {
  private static final int LAST_PORT = 65_535;

  private final Terminal terminal;

  @Parameters(paramLabel = "FILE")
  private Path file = Path.of("");

  @ArgGroup private @Nullable Where where;

  @Option(names = "--read-only", description = "Refuse writes.")
  private boolean readOnly;

  private Optional<Path> ownFolder = Optional.empty();

  ServeCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /// Where to listen; a socket in a new folder unless one is given.
  static final class Where {
    @Option(names = "--socket", paramLabel = "PATH", description = "On this unix socket.")
    private @Nullable Path socket;

    @Option(
        names = "--port",
        description = "On this port of the loopback address; 0: any free one.")
    private @Nullable Integer port;
  }

  @Override
  public Integer call() throws IOException, InterruptedException, StorageException {
    checkPort();
    ImageFormat format = format();
    String name = String.valueOf(file.getFileName());
    BlockDevice device = ImageDevice.open(file, format, !readOnly);
    ImageLock lock;
    try {
      lock = ImageLock.chain(file, format, !readOnly);
    } catch (IOException | StorageException | RuntimeException e) {
      device.close();
      throw e;
    }
    NbdExports exports = new NbdExports();
    exports.add(new NbdExport(name, name, device));
    exports.setDefault(name);
    NbdServer server;
    try {
      server = NbdServer.listen(endpoint(), exports);
    } catch (IOException e) {
      device.close();
      lock.close();
      throw e;
    }
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(server, device), "on-signal"));
    terminal.out().println(server.uri(""));
    terminal.out().flush();
    new CountDownLatch(1).await();
    return 0;
  }

  private void checkPort() throws StorageException {
    if (where != null && where.port != null && (where.port < 0 || where.port > LAST_PORT)) {
      throw new StorageException(
          ErrorCode.INVALID_ARG,
          "There is no port " + where.port + ".",
          "Give one from 1 to " + LAST_PORT + ", or 0 for any free one.");
    }
  }

  private ImageFormat format() throws StorageException {
    ImageName name = ImageName.of(file);
    if (name.packing() != ImageName.Packing.NONE) {
      throw new StorageException(
          ErrorCode.INVALID_ARG,
          "'" + Rendering.escaped(file.toString()) + "' is compressed and can't be served.",
          "Unpack it first, or use vdi-import, which reads .gz and .zst.");
    }
    return name.format().orElse(ImageFormat.RAW);
  }

  private NbdEndpoint endpoint() throws IOException {
    if (where != null && where.port != null) {
      return new NbdEndpoint.Tcp(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), where.port));
    }
    if (where != null && where.socket != null) {
      return new NbdEndpoint.UnixSocket(where.socket.toAbsolutePath());
    }
    Path made = Files.createTempDirectory("strata-serve");
    ownFolder = Optional.of(made);
    return new NbdEndpoint.UnixSocket(made.resolve("nbd.sock").toAbsolutePath());
  }

  /// Answers what is in flight, flushes, and ends the process: with 0 if everything is durable.
  private void end(NbdServer server, BlockDevice device) {
    int exitCode = 0;
    try {
      server.close();
      if (!device.readOnly()) {
        device.flush();
      }
      device.close();
      if (ownFolder.isPresent()) {
        Files.deleteIfExists(ownFolder.get());
      }
    } catch (IOException | RuntimeException e) {
      terminal.err().println("Error: not everything could be written: " + e.getMessage());
      exitCode = 1;
    }
    terminal.err().flush();
    Runtime.getRuntime().halt(exitCode);
  }
}
