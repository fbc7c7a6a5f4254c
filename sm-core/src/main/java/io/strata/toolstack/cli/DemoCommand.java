// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.toolstack.ByteSize;
import io.strata.toolstack.Json;
import io.strata.toolstack.Rendering;
import io.strata.toolstack.StrataHome;
import io.strata.toolstack.rpc.ApiClient;
import io.strata.toolstack.rpc.ApiException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `strata demo`: a daemon of its own in a scratch folder, and what it can do with a disk.
@Command(
    name = "demo",
    description = {
      "Show snapshots and clones at work, in a scratch folder below TMPDIR or /tmp.",
      "Makes a disk image from files of this machine, imports it, snapshots it while it is written,"
          + " clones the snapshot, and checks by hashes what each disk holds. Needs no root."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class DemoCommand implements Callable<Integer> {
  private static final int COPIES = 4;

  private final Terminal terminal;

  @Option(names = "--image", paramLabel = "FILE", description = "Use this raw disk image.")
  private @Nullable Path image;

  @Option(names = "--keep", description = "Leave the folder and its daemon as they are at the end.")
  private boolean keep;

  DemoCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException, StorageException, ApiException {
    DemoFolder folder = DemoFolder.make();
    Thread onSignal = new Thread(() -> cleanUpQuietly(folder), "demo-clean-up");
    Runtime.getRuntime().addShutdownHook(onSignal);
    boolean done = false;
    try {
      run(folder);
      done = true;
    } finally {
      Runtime.getRuntime().removeShutdownHook(onSignal);
      if (keep) {
        terminal.out().println("Kept: " + folder.root());
      } else if (done) {
        cleanUp(folder);
      } else {
        cleanUpQuietly(folder);
      }
    }
    sayWhatNext(folder);
    return 0;
  }

  private void run(DemoFolder folder) throws IOException, StorageException, ApiException {
    Path source = image == null ? makeImage(folder) : image;
    checkSpace(folder, source);
    StrataHome home = new StrataHome(folder.home());
    terminal.out().println("Starting a daemon in " + home.root());
    try (ApiClient client = new DaemonStarter(home, terminal.err()).start()) {
      Demo demo = new Demo(client, home, terminal);
      demo.run(folder.repository(), source);
      if (!keep) {
        demo.detachAll();
      }
    }
  }

  private Path makeImage(DemoFolder folder) throws IOException, StorageException {
    terminal.out().println("Making an ext4 image from files of this machine");
    DemoImage made = DemoImage.make(folder.image());
    terminal.out().println("   " + made.source() + " is in it");
    return made.file();
  }

  private static void checkSpace(DemoFolder folder, Path source)
      throws IOException, StorageException {
    if (!Files.isRegularFile(source)) {
      throw new StorageException(
          ErrorCode.INVALID_ARG,
          "'" + Rendering.escaped(source.toString()) + "' is no file.",
          "Give a raw disk image with --image FILE.");
    }
    long needed = COPIES * Files.size(source);
    long free = Files.getFileStore(folder.root()).getUsableSpace();
    if (free < needed) {
      throw new StorageException(
          ErrorCode.SR_NO_SPACE,
          folder.root()
              + " has "
              + ByteSize.show(free)
              + " free; the demo may need "
              + ByteSize.show(needed)
              + ".",
          "Set TMPDIR to a folder with more, or give a smaller --image.");
    }
  }

  /// Stops the demo's daemon and removes its folder.
  private void cleanUp(DemoFolder folder) throws IOException, ApiException {
    StrataHome home = new StrataHome(folder.home());
    DaemonStarter starter = new DaemonStarter(home, terminal.err());
    Optional<ApiClient> running = starter.connect();
    if (running.isPresent()) {
      try (ApiClient client = running.get()) {
        client.call("daemon.stop", Json.Members.NONE);
      }
      starter.awaitStopped();
    }
    folder.delete();
  }

  private void cleanUpQuietly(DemoFolder folder) {
    try {
      cleanUp(folder);
    } catch (IOException | ApiException e) {
      terminal
          .err()
          .println(
              "The demo's folder could not be removed: "
                  + folder.root()
                  + ": "
                  + e.getMessage()
                  + ". End its daemon with: strata stop --home "
                  + folder.home());
    }
  }

  private void sayWhatNext(DemoFolder folder) {
    String option = keep ? " --home " + folder.home() : "";
    terminal.out().println();
    terminal
        .out()
        .println(keep ? "Look around, then stop it:" : "Everything held. Try it yourself:");
    if (keep) {
      terminal.out().println("  strata tree" + option);
      terminal.out().println("  strata vdi-list" + option);
      terminal.out().println("  strata stop" + option + " && rm -r " + folder.root());
      return;
    }
    terminal
        .out()
        .print(
            """
              mkdir -p /srv/sr
              strata sr-create name-label=mine type=file device-config:location=/srv/sr
              strata vdi-create sr-uuid=SR name-label=disk virtual-size=2GiB
              strata vdi-attach uuid=VDI            # prints the NBD URI
              strata vdi-snapshot uuid=VDI          # also while it is written
              strata tree
              strata help
            """);
  }
}
