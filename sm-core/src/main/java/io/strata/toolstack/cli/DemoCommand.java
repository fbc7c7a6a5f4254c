// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.spi.StorageException;
import io.strata.toolstack.StrataHome;
import io.strata.toolstack.rpc.ApiClient;
import io.strata.toolstack.rpc.ApiException;
import java.io.IOException;
import java.nio.file.Path;
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
  private final Terminal terminal;

  @Option(
      names = "--image",
      paramLabel = "FILE",
      description = {
        "Use this disk image: a VHD if named *.vhd,",
        "else a raw disk; also packed, as .gz or .zst."
      })
  private @Nullable Path image;

  @Option(names = "--keep", description = "Leave the folder and its daemon as they are at the end.")
  private boolean keep;

  DemoCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException, StorageException, ApiException {
    DemoSession session = DemoSession.begin(terminal.err());
    boolean done = false;
    try {
      run(session);
      done = true;
    } finally {
      if (keep) {
        terminal.out().println("Kept: " + session.folder().root());
      } else if (done) {
        session.end();
      } else {
        session.endQuietly();
      }
      session.leaveSignals();
    }
    sayWhatNext(session.folder());
    return 0;
  }

  private void run(DemoSession session) throws IOException, StorageException, ApiException {
    DemoFolder folder = session.folder();
    GivenImage source = image == null ? makeImage(folder) : given(image, folder);
    StrataHome home = new StrataHome(folder.home());
    terminal.out().println("Starting a daemon in " + home.root());
    try (ApiClient client = session.startDaemon()) {
      Demo demo = new Demo(client, home, terminal);
      demo.run(folder.repository(), source);
      if (!keep) {
        demo.detachAll();
      }
    }
  }

  private GivenImage makeImage(DemoFolder folder) throws IOException, StorageException {
    terminal.out().println("Making an ext4 image from files of this machine");
    DemoImage made = DemoImage.make(folder.root(), folder.image());
    terminal.out().println("   " + made.source() + " is in it");
    return GivenImage.made(made.file());
  }

  private GivenImage given(Path file, DemoFolder folder) throws IOException, StorageException {
    try (ProgressLine progress = new ProgressLine("unpack", terminal.err(), terminal.live())) {
      return GivenImage.of(file, folder, progress);
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
