// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.block.BlockDevice;
import io.strata.block.FileContainer;
import io.strata.manager.ImageFormat;
import io.strata.manager.ProgressListener;
import io.strata.nbd.NbdClient;
import io.strata.nbd.NbdEndpoint;
import io.strata.toolstack.ByteSize;
import io.strata.toolstack.Json;
import io.strata.toolstack.StrataHome;
import io.strata.toolstack.rpc.ApiClient;
import io.strata.toolstack.rpc.ApiException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/// The demo's steps, against a daemon that runs. Every claim is checked by what a client reads over
/// NBD.
final class Demo {
  private static final long RUNNING_MARK = 1;
  private static final long CLONE_MARK = 2;

  private final ApiClient client;
  private final StrataHome home;
  private final Terminal terminal;
  private int step;

  Demo(ApiClient client, StrataHome home, Terminal terminal) {
    this.client = client;
    this.home = home;
    this.terminal = terminal;
  }

  /// Runs all of it.
  ///
  /// @param repository an empty folder for the SR
  /// @param image what is imported
  /// @throws IOException also where something is not as it must be
  void run(Path repository, GivenImage image) throws IOException, ApiException {
    say("Make an SR of type file in " + repository);
    String sr = createSr(repository);
    say("Import " + image.file().getFileName() + ", " + ByteSize.show(Files.size(image.file())));
    String vdi = importImage(sr, image);
    try (FileContainer original = FileContainer.openReadOnly(image.raw());
        BlockDevice disk = attach(vdi, "RW")) {
      String imported = hash("read the disk over NBD", disk);
      expect("the disk holds the image's bytes", hash(original, disk, 0), imported);
      snapshotAndClone(vdi, original, disk);
    }
    say("What the disks depend on, and the space they take");
    call("sr.scan", Json.object().with("uuid", sr));
    showTree(sr);
  }

  private void snapshotAndClone(String vdi, BlockDevice original, BlockDevice disk)
      throws IOException, ApiException {
    say("Snapshot the disk while a client writes to it");
    Overlay overlay = Overlay.over(original.sizeBytes(), RUNNING_MARK);
    OverlayWriter writer = new OverlayWriter(disk, overlay);
    writer.start();
    int before = writer.acknowledged();
    long began = System.nanoTime();
    String snapshot =
        uuid(
            call("vdi.snapshot", Json.object().with("uuid", vdi).with("new-name-label", "before")));
    double millis = (System.nanoTime() - began) / 1e6;
    int after = writer.begun();
    writer.finish();
    fact(
        "the snapshot took "
            + Math.round(millis)
            + " ms, the writer went on: "
            + (overlay.pieces() - after)
            + " of "
            + overlay.pieces()
            + " writes came later");
    say("Clone the snapshot, and look at all three over NBD");
    String clone =
        uuid(
            call("vdi.clone", Json.object().with("uuid", snapshot).with("new-name-label", "copy")));
    try (BlockDevice kept = attach(snapshot, "RO");
        BlockDevice copy = attach(clone, "RW")) {
      int held = piecesIn(kept, overlay);
      if (held < before || held > after) {
        throw new IOException(
            "The snapshot holds " + held + " writes; it must hold from " + before + " to " + after);
      }
      fact("the snapshot holds the first " + held + " writes and no other");
      String snapshotHash = hash(original, kept, overlay, held);
      expect("the snapshot is the disk of that moment", snapshotHash, hash("snapshot", kept));
      expect("the clone is the same", snapshotHash, hash("clone", copy));
      expect(
          "the running disk has every write",
          hash(original, disk, overlay, overlay.pieces()),
          hash("running disk", disk));
      writeToClone(original, disk, kept, copy, overlay, snapshotHash);
    }
  }

  private void writeToClone(
      BlockDevice original,
      BlockDevice disk,
      BlockDevice kept,
      BlockDevice copy,
      Overlay overlay,
      String snapshotHash)
      throws IOException {
    say("Write to the clone: the others must not change");
    Overlay own = Overlay.over(original.sizeBytes(), CLONE_MARK);
    for (int i = 0; i < own.pieces(); i += 4) {
      copy.write(own.offsetBytes(i), own.piece(i));
    }
    copy.flush();
    expect("the snapshot is as it was", snapshotHash, hash("snapshot", kept));
    expect(
        "the running disk is as it was",
        hash(original, disk, overlay, overlay.pieces()),
        hash("running disk", disk));
    ByteBuffer read = ByteBuffer.allocate(Overlay.PIECE_BYTES);
    for (int i = 0; i < own.pieces(); i += 4) {
      copy.read(own.offsetBytes(i), read.clear());
      if (!read.flip().equals(own.piece(i))) {
        throw new IOException("The clone lost a write at byte " + own.offsetBytes(i));
      }
    }
    fact("the clone has its own writes");
  }

  /// How many pieces of the overlay a disk holds, from the first on.
  private static int piecesIn(BlockDevice disk, Overlay overlay) throws IOException {
    ByteBuffer read = ByteBuffer.allocate(Overlay.PIECE_BYTES);
    for (int i = 0; i < overlay.pieces(); i++) {
      disk.read(overlay.offsetBytes(i), read.clear());
      if (!read.flip().equals(overlay.piece(i))) {
        return i;
      }
    }
    return overlay.pieces();
  }

  private String createSr(Path repository) throws IOException, ApiException {
    Files.createDirectories(repository);
    Json.Builder request =
        Json.object()
            .with("name-label", "demo")
            .with("type", "file")
            .with("device-config", Json.object().with("location", repository.toString()).build());
    return uuid(call("sr.create", request));
  }

  private String importImage(String sr, GivenImage image) throws IOException, ApiException {
    Json.Builder request =
        Json.object()
            .with("sr-uuid", sr)
            .with("filename", image.file().toString())
            .with("format", image.format().name().toLowerCase(Locale.ROOT))
            .with("name-label", "web");
    if (image.format() == ImageFormat.RAW) {
      request.with("virtual-size", Files.size(image.raw()));
    }
    try (ProgressLine progress = progress("import")) {
      return uuid(client.call("vdi.import", request.build(), progress));
    }
  }

  private BlockDevice attach(String vdi, String mode) throws IOException, ApiException {
    Json.Members attachment =
        (Json.Members) call("vdi.attach", Json.object().with("uuid", vdi).with("mode", mode));
    return NbdClient.connect(
        new NbdEndpoint.UnixSocket(home.run().resolve("nbd.sock")), attachment.text("export"));
  }

  /// Lets go of every disk that is attached.
  void detachAll() throws IOException, ApiException {
    Json rows =
        call(
            "vdi.list",
            Json.object()
                .with("params", Json.texts(List.of("uuid")))
                .with("where", Json.object().with("attached", "true").build()));
    for (Json row : ((Json.Items) rows).values()) {
      call("vdi.detach", Json.object().with("uuid", ((Json.Members) row).text("uuid")));
    }
  }

  private void showTree(String sr) throws IOException, ApiException {
    List<Json> trees = ((Json.Items) call("sr.tree", Json.object().with("sr-uuid", sr))).values();
    terminal.out().print(new TreePrinter(terminal.unicode()).print(trees).indent(3));
    long virtual = 0;
    long physical = 0;
    for (Json node : ((Json.Members) trees.getFirst()).items("nodes")) {
      Json.Members members = (Json.Members) node;
      virtual += members.text("hidden").equals("true") ? 0 : members.whole("virtual-size");
      physical += members.whole("physical-utilisation");
    }
    fact(
        "three disks of "
            + ByteSize.show(virtual)
            + " in all take "
            + ByteSize.show(physical)
            + " of space");
  }

  private Json call(String method, Json.Builder request) throws IOException, ApiException {
    return client.call(method, request.build());
  }

  private static String uuid(Json answer) {
    return ((Json.Members) answer).text("uuid");
  }

  private String hash(String what, BlockDevice disk) throws IOException {
    if (!terminal.live()) {
      return DiskHash.of(disk, ProgressListener.NONE);
    }
    try (ProgressLine progress = progress(what)) {
      return DiskHash.of(disk, progress);
    }
  }

  private String hash(BlockDevice original, BlockDevice disk, int pieces) throws IOException {
    return hash(original, disk, Overlay.over(original.sizeBytes(), RUNNING_MARK), pieces);
  }

  /// What a disk must hold: the image, the first pieces of the overlay, and zeroes up to its size.
  private static String hash(BlockDevice original, BlockDevice disk, Overlay overlay, int pieces)
      throws IOException {
    return DiskHash.of(
        original,
        disk.sizeBytes(),
        (offset, piece) -> overlay.apply(pieces, offset, piece),
        ProgressListener.NONE);
  }

  private ProgressLine progress(String what) {
    return new ProgressLine("   " + what, terminal.err(), terminal.live());
  }

  private void say(String what) {
    terminal.out().println(++step + ". " + what);
    terminal.out().flush();
  }

  private void fact(String text) {
    terminal.out().println("   " + text);
    terminal.out().flush();
  }

  private void expect(String claim, String expected, String found) throws IOException {
    if (!expected.equals(found)) {
      throw new IOException(
          "It does not hold that "
              + claim
              + ": expected SHA-256 "
              + expected
              + ", found "
              + found
              + ". This is a defect of Strata: report it with the daemon's log (--keep keeps it).");
    }
    fact(claim + ": SHA-256 " + found.substring(0, 16));
  }
}
