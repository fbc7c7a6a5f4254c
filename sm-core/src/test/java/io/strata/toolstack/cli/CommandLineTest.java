// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.BlockDevice;
import io.strata.nbd.NbdClient;
import io.strata.nbd.NbdEndpoint;
import io.strata.simulator.StepsDriver;
import io.strata.spi.StorageException;
import io.strata.toolstack.RecordClass;
import io.strata.toolstack.StrataHome;
import io.strata.toolstack.daemon.Daemon;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Verbs as they are typed, against a daemon in this process.
final class CommandLineTest {
  private @TempDir Path folder;
  private StrataHome home = new StrataHome(Path.of("/"));
  private Daemon daemon = startNothing();
  private int exitCode;
  private String complaint = "";

  @SuppressWarnings("NullAway") // replaced before each test
  private static Daemon startNothing() {
    return null;
  }

  @BeforeEach
  void start() throws IOException, StorageException {
    home = new StrataHome(folder.resolve("h"));
    Files.createDirectory(folder.resolve("sr"));
    daemon = Daemon.start(home, List.of(new StepsDriver()));
  }

  @AfterEach
  void stop() throws IOException, StorageException {
    daemon.close();
  }

  /// What a command prints.
  private String strata(String... words) {
    List<String> arguments = new ArrayList<>(List.of(words));
    arguments.addAll(List.of("--home", home.root().toString()));
    TestTerminal terminal = TestTerminal.create();
    exitCode = Main.run(arguments, terminal.terminal());
    complaint = terminal.complained();
    return terminal.printed();
  }

  /// What a command that must succeed prints, without its line feed.
  private String done(String... words) {
    String printed = strata(words);
    assertThat(complaint).isEmpty();
    assertThat(exitCode).isZero();
    return printed.strip();
  }

  private String sr() {
    return done(
        "sr-create",
        "name-label=first",
        "type=sim-steps",
        "device-config:location=" + folder.resolve("sr"));
  }

  private String vdi(String sr) {
    return done("vdi-create", "sr-uuid=" + sr, "name-label=disk", "virtual-size=4MiB");
  }

  /// Makes the header of the only VHD unreadable.
  private void damage() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("sr"))) {
      Path vhd = files.filter(f -> f.toString().endsWith(".vhd")).findFirst().orElseThrow();
      try (FileChannel channel = FileChannel.open(vhd, StandardOpenOption.WRITE)) {
        channel.write(ByteBuffer.allocate(64), 512 + 16);
      }
    }
  }

  private BlockDevice connect(String vdi) throws IOException {
    return NbdClient.connect(new NbdEndpoint.UnixSocket(home.run().resolve("nbd.sock")), vdi);
  }

  @Test
  void listingsPrintTheRecordsOfXe() {
    String sr = sr();
    String vdi = vdi(sr);
    assertThat(strata("vdi-list"))
        .isEqualTo(
            """
            uuid ( RO)                : %s
                      name-label ( RW): disk
                name-description ( RW):\s
                         sr-uuid ( RO): %s
                    virtual-size ( RO): 4194304
                        sharable ( RO): false
                       read-only ( RO): false


            """
                .formatted(vdi, sr));
    assertThat(strata("vdi-list", "params=name-label", "--minimal")).isEqualTo("disk\n");
    assertThat(strata("vdi-list", "name-label=other", "--minimal")).isEqualTo("\n");
    assertThat(strata("vdi-list", "name-label=other")).isEmpty();
  }

  @Test
  void everyFieldOfEveryClassHasAValue() {
    vdi(sr());
    assertThat(done("task-list", "--json")).as("nothing is interrupted").isEqualTo("[ ]");
    for (RecordClass records : RecordClass.values()) {
      if (records == RecordClass.TASK) {
        continue;
      }
      String printed = done(records.prefix() + "-list", "params=all", "--json");
      for (RecordClass.Field field : records.fields()) {
        assertThat(printed).contains("\"" + field.name() + "\" : ");
      }
    }
  }

  @Test
  void fieldsAreSetAddedRemovedAndCleared() {
    String vdi = vdi(sr());
    String uuid = "uuid=" + vdi;
    done("vdi-param-set", uuid, "name-label=a;$(b)'\nc", "other-config:k=v");
    assertThat(done("vdi-param-get", uuid, "param-name=name-label")).isEqualTo("a;$(b)'\\nc");
    assertThat(done("vdi-param-get", uuid, "param-name=other-config", "param-key=k"))
        .isEqualTo("v");
    done("vdi-param-add", uuid, "param-name=tags", "param-key=red");
    done("vdi-param-add", uuid, "param-name=tags", "param-key=blue");
    done("vdi-param-add", uuid, "param-name=other-config", "l=w");
    assertThat(done("vdi-param-get", uuid, "param-name=other-config")).isEqualTo("k: v; l: w");
    assertThat(done("vdi-list", "other-config:l=w", "--minimal")).isEqualTo(vdi);
    done("vdi-param-remove", uuid, "param-name=tags", "param-key=red");
    assertThat(done("vdi-param-get", uuid, "param-name=tags")).isEqualTo("blue");
    done("vdi-param-clear", uuid, "param-name=other-config");
    assertThat(done("vdi-param-get", uuid, "param-name=other-config")).isEmpty();
    strata("vdi-param-set", uuid, "virtual-size=1");
    assertThat(exitCode).isEqualTo(1);
    assertThat(complaint).startsWith("Error: InvalidArg (1): virtual-size can't be changed.");
  }

  @Test
  void anAttachedDiskIsWrittenSnapshotAndCloned() throws IOException {
    String sr = sr();
    String vdi = vdi(sr);
    assertThat(done("vdi-attach", "uuid=" + vdi)).startsWith("nbd+unix:///" + vdi + "?socket=");
    String snapshot;
    try (BlockDevice disk = connect(vdi)) {
      disk.write(4096, ByteBuffer.wrap(new byte[] {1, 2, 3}));
      snapshot = done("vdi-snapshot", "uuid=" + vdi);
      disk.write(4096, ByteBuffer.wrap(new byte[] {9, 9, 9}));
    }
    String clone = done("vdi-clone", "uuid=" + snapshot, "new-name-label=copy");
    done("vdi-attach", "uuid=" + clone);
    try (BlockDevice disk = connect(clone)) {
      ByteBuffer read = ByteBuffer.allocate(3);
      disk.read(4096, read);
      assertThat(read.array()).containsExactly(1, 2, 3);
    }
    assertThat(done("tree")).contains("copy").contains("(snapshot)").contains("[attached RW");
    strata("vdi-destroy", "uuid=" + vdi);
    assertThat(exitCode).isEqualTo(1);
    assertThat(complaint).startsWith("Error: VDIInUse (24): ");
    done("vdi-detach", "uuid=" + vdi);
    done("vdi-detach", "uuid=" + clone);
  }

  @Test
  void anSrIsCheckedAndDamageEndsWithOne() throws IOException {
    String sr = sr();
    String vdi = vdi(sr);
    assertThat(done("sr-check", "uuid=" + sr)).isEqualTo("1 volumes checked: 0 errors, 0 warnings");
    done("vdi-attach", "uuid=" + vdi);
    assertThat(done("sr-check", "uuid=" + sr, "data=true"))
        .startsWith("VDI " + vdi + " is being written to and was not looked at");
    done("vdi-detach", "uuid=" + vdi);
    damage();
    assertThat(strata("sr-check", "uuid=" + sr)).contains("ERROR VDI " + vdi + ": ");
    assertThat(exitCode).isEqualTo(1);
    assertThat(strata("sr-check", "uuid=" + sr, "--json")).contains("\"severity\" : \"ERROR\"");
    assertThat(exitCode).isEqualTo(1);
  }

  @Test
  void attachmentsComeBackWithTheNextDaemon() throws IOException, StorageException {
    String vdi = vdi(sr());
    done("vdi-attach", "uuid=" + vdi);
    try (BlockDevice disk = connect(vdi)) {
      disk.write(0, ByteBuffer.wrap(new byte[] {7}));
    }
    daemon.close();
    assertThat(home.apiSocket()).doesNotExist();
    assertThat(home.pid()).doesNotExist();
    daemon = Daemon.start(home, List.of(new StepsDriver()));
    try (BlockDevice disk = connect(vdi)) {
      ByteBuffer read = ByteBuffer.allocate(1);
      disk.read(0, read);
      assertThat(read.get(0)).isEqualTo((byte) 7);
    }
  }

  @Test
  void imagesGoInAndOut() throws IOException {
    String sr = sr();
    byte[] content = new byte[2 << 20];
    new java.util.Random(5).nextBytes(content);
    Path raw = Files.write(folder.resolve("in.raw"), content);
    Path vhd = folder.resolve("out.vhd");
    Path back = folder.resolve("back.raw");
    String vdi = strata("vdi-import", "sr-uuid=" + sr, "filename=" + raw).strip();
    assertThat(exitCode).isZero();
    strata("vdi-export", "uuid=" + vdi, "filename=" + vhd);
    String second = strata("vdi-import", "sr-uuid=" + sr, "filename=" + vhd).strip();
    strata("vdi-export", "uuid=" + second, "filename=" + back);
    assertThat(exitCode).isZero();
    assertThat(back).hasSameBinaryContentAs(raw);
    strata("vdi-export", "uuid=" + second, "filename=" + back);
    assertThat(exitCode).isEqualTo(1);
    assertThat(complaint).contains("exists already");
    strata("vdi-import", "uuid=" + vdi, "filename=" + folder.resolve("none.raw"));
    assertThat(complaint).contains("is not there");
  }

  @Test
  void imageThatIsTooLargeForADiskLeavesItAsItWas() throws IOException {
    byte[] content = new byte[4 << 20];
    new java.util.Random(6).nextBytes(content);
    Path raw = Files.write(folder.resolve("in.raw"), content);
    String vdi = strata("vdi-import", "sr-uuid=" + sr(), "filename=" + raw).strip();
    Path large = Files.write(folder.resolve("large.raw"), new byte[(4 << 20) + 512]);
    strata("vdi-import", "uuid=" + vdi, "filename=" + large);
    assertThat(complaint).contains("Error: VDISize (79): ", "vdi-resize");
    Path back = folder.resolve("back.raw");
    strata("vdi-export", "uuid=" + vdi, "filename=" + back);
    assertThat(back).hasSameBinaryContentAs(raw);
  }

  /// How much is in it is not known before.
  @Test
  void packedImageThatIsTooLargeIsASizeError() throws IOException {
    String vdi = vdi(sr());
    Path packed = folder.resolve("large.raw.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(packed))) {
      out.write(new byte[(4 << 20) + 512]);
    }
    strata("vdi-import", "uuid=" + vdi, "filename=" + packed);
    assertThat(complaint).contains("Error: VDISize (79): The image holds more than the 4194304 ");
  }

  @Test
  void imagesThatCantBeTakenAreExplained() throws IOException {
    String vdi = vdi(sr());
    Path empty = Files.createFile(folder.resolve("empty.raw"));
    strata("vdi-import", "sr-uuid=" + done("sr-list", "--minimal"), "filename=" + empty);
    assertThat(complaint).contains("InvalidArg (1)", "empty.raw' is empty.");

    byte[] content = new byte[100_000];
    new java.util.Random(8).nextBytes(content);
    Path cut = folder.resolve("cut.raw.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(cut))) {
      out.write(content);
    }
    Files.write(cut, Arrays.copyOf(Files.readAllBytes(cut), 50_000));
    strata("vdi-import", "uuid=" + vdi, "filename=" + cut);
    assertThat(complaint).contains("VDILoad (65): The image is damaged: it ends too early.");

    Path vhd = Files.write(folder.resolve("noise.vhd"), content);
    strata("vdi-import", "uuid=" + vdi, "filename=" + vhd);
    assertThat(complaint)
        .contains("VDILoad (65): The image is damaged: it is corrupt at byte ")
        .doesNotContain("spool");
  }

  @Test
  void aSecondDaemonForTheSameHomeIsRefused() {
    TestTerminal second = TestTerminal.create();
    int refused =
        Tools.run(
            List.of("daemon", "--foreground", "--home", home.root().toString()), second.terminal());
    assertThat(refused).isEqualTo(1);
    assertThat(second.complained())
        .startsWith("Error: LockErr (37): A daemon already runs for " + home.root() + ". Use it: ");
  }

  @Test
  void strangeUuidsAreRefusedAsText() {
    strata("sr-scan", "uuid=../../etc/passwd");
    assertThat(exitCode).isEqualTo(1);
    assertThat(complaint)
        .startsWith("Error: BadRequest (143): '../../etc/passwd' is not the UUID of a SR.");
  }

  @Test
  void usageErrorsExitWithOneAndName() {
    strata("vdi-create", "name-label=x");
    assertThat(exitCode).isEqualTo(1);
    assertThat(complaint)
        .isEqualTo(
            """
            Required parameter not found: sr-uuid
            For usage run: 'strata help vdi-create'
            """);
    strata("vdi-lst");
    assertThat(complaint).startsWith("Unknown command: vdi-lst. Did you mean 'vdi-list'?");
  }

  @Test
  void helpNamesEveryVerbAndNeedsNoDaemon() throws IOException, StorageException {
    daemon.close();
    assertThat(strata("help")).contains("vdi-snapshot").contains("--minimal").contains("demo");
    assertThat(strata("help", "vdi-create")).contains("virtual-size=SIZE").contains("Required");
    strata("status");
    assertThat(exitCode).isEqualTo(3);
    assertThat(complaint).startsWith("No daemon runs for ");
  }

  @Test
  void statusShowsTheDaemon() {
    vdi(sr());
    assertThat(done("status")).contains("srs: 1").contains("vdis: 1");
  }

  @Test
  void anExportIntoAMissingFolderSaysSo() {
    strata("vdi-export", "uuid=" + vdi(sr()), "filename=" + folder.resolve("none/disk.vhd"));
    assertThat(exitCode).isEqualTo(1);
    assertThat(complaint).contains("InvalidArg (1)", "its folder is not there");
  }
}
