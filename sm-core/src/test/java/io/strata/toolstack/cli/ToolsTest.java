// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.FileContainer;
import io.strata.manager.ImageFormat;
import io.strata.spi.StorageException;
import io.strata.store.DirectoryStore;
import io.strata.toolstack.image.ImageLock;
import io.strata.vhd.VhdEditor;
import io.strata.vhd.VhdInfo;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `strata vhd` and `strata serve` with what they must refuse, and that it changes nothing.
final class ToolsTest {
  private @TempDir Path folder;

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  private static void done(String... words) {
    TestTerminal terminal = TestTerminal.create();
    int exitCode = Main.run(List.of(words), terminal.terminal());
    assertThat(terminal.complained()).isEmpty();
    assertThat(exitCode).isZero();
  }

  /// The one line that a refused command says.
  private static String refused(String... words) {
    TestTerminal terminal = TestTerminal.create();
    assertThat(Main.run(List.of(words), terminal.terminal())).isEqualTo(1);
    assertThat(terminal.complained().lines()).hasSize(1);
    return terminal.complained();
  }

  private Path disk(String name) {
    done("vhd", "create", path(name), "--size", "4MiB");
    return folder.resolve(name);
  }

  @Test
  void damageOfAParentIsNamedAndRepairedThere() throws IOException {
    Path parent = disk("p.vhd");
    done("vhd", "snapshot", path("p.vhd"), path("c.vhd"));
    done("vhd", "check", path("c.vhd"));
    byte[] damaged = Files.readAllBytes(parent);
    damaged[damaged.length - 1] = 1;
    Files.write(parent, damaged);
    assertThat(said(1, "vhd", "check", path("c.vhd")))
        .contains("p.vhd, byte ", ", if it is run on this parent", "c.vhd: 0 errors, 1 warnings");
    assertThat(said(1, "vhd", "repair", path("c.vhd")))
        .contains("c.vhd: nothing more can be repaired", "p.vhd: this parent can be repaired");
    assertThat(parent).hasBinaryContent(damaged);
    done("vhd", "repair", path("p.vhd"));
    done("vhd", "check", path("c.vhd"));
  }

  @Test
  void aSnapshotInItsParentsPlaceIsRefused() throws IOException {
    Path parent = disk("p.vhd");
    byte[] before = Files.readAllBytes(parent);
    assertThat(refused("vhd", "snapshot", path("p.vhd"), path("p.vhd"), "--force"))
        .contains("InvalidArg (1)", "own parent");
    assertThat(parent).hasBinaryContent(before);
  }

  @Test
  void anImageOfAnAttachedSrIsNotWritten() throws IOException {
    Path disk = disk("d.vhd");
    byte[] before = Files.readAllBytes(disk);
    try (FileChannel sr =
        FileChannel.open(
            folder.resolve(DirectoryStore.LOCK),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE)) {
      done("vhd", "check", path("d.vhd"));
      FileLock attached = sr.lock();
      assertThat(refused("vhd", "resize", path("d.vhd"), "8MiB"))
          .contains("SRInUse", "d.vhd", "Unplug");
      assertThat(disk).hasBinaryContent(before);
      attached.release();
    }
    done("vhd", "resize", path("d.vhd"), "8MiB");
  }

  @Test
  void aParentIsNotMadeLargerThanItsChild() throws IOException {
    Path parent = disk("p.vhd");
    done("vhd", "snapshot", path("p.vhd"), path("c.vhd"));
    byte[] before = Files.readAllBytes(parent);
    assertThat(refused("vhd", "resize", path("p.vhd"), "8MiB"))
        .contains("VDIInUse (24)", "c.vhd", "Resize that child instead");
    assertThat(parent).hasBinaryContent(before);
  }

  @Test
  void aParentGrowsToTheSizeThatItsChildHasAlready() {
    disk("p.vhd");
    done("vhd", "snapshot", path("p.vhd"), path("c.vhd"));
    done("vhd", "resize", path("c.vhd"), "8MiB");
    done("vhd", "resize", path("p.vhd"), "8MiB");
    done("vhd", "check", path("c.vhd"));
  }

  @Test
  void anImageThatIsWrittenIsLeftAlone() throws IOException, StorageException {
    Path file = disk("p.vhd");
    try (ImageLock _ = ImageLock.writing(file)) {
      assertThat(refused("vhd", "resize", path("p.vhd"), "8MiB")).contains("VDIInUse (24)");
      assertThat(refused("vhd", "repair", path("p.vhd"))).contains("VDIInUse (24)");
      assertThat(refused("vhd", "snapshot", path("p.vhd"), path("c.vhd"))).contains("in use");
      assertThat(refused("vhd", "convert", path("p.vhd"), path("p.raw"))).contains("VDIInUse (24)");
      assertThat(refused("vhd", "check", path("p.vhd"))).contains("VDIInUse (24)");
      assertThat(refused("vhd", "repair", "--dry-run", path("p.vhd"))).contains("VDIInUse (24)");
      assertThat(folder.resolve("p.raw")).doesNotExist();
      assertThat(refused("serve", path("p.vhd"))).contains("VDIInUse (24)", "p.vhd");
      assertThat(refused("serve", path("p.vhd"), "--read-only")).contains("VDIInUse (24)");
    }
    done("vhd", "resize", path("p.vhd"), "8MiB");
  }

  /// The JDK's locks would go with any channel of the file that is closed.
  @Test
  void anImageStaysLockedWhateverElseOfItIsClosed() throws IOException, StorageException {
    Path file = disk("p.vhd");
    try (ImageLock _ = ImageLock.writing(file)) {
      FileContainer.openReadWrite(file).close();
      assertThat(refused("vhd", "resize", path("p.vhd"), "8MiB")).contains("VDIInUse (24)");
      try (FileChannel other = FileChannel.open(file, StandardOpenOption.WRITE)) {
        assertThat(other.tryLock()).as("for another program").isNull();
      }
      assertThat(refused("vhd", "resize", path("p.vhd"), "8MiB")).contains("VDIInUse (24)");
    }
    done("vhd", "resize", path("p.vhd"), "8MiB");
  }

  @Test
  void aConversionOfAChainWhoseParentIsWrittenIsRefused() throws IOException, StorageException {
    Path parent = disk("p.vhd");
    done("vhd", "snapshot", path("p.vhd"), path("c.vhd"));
    try (ImageLock _ = ImageLock.writing(parent)) {
      assertThat(refused("vhd", "convert", path("c.vhd"), path("c.raw")))
          .contains("VDIInUse (24)", "p.vhd");
    }
    converted(path("c.vhd"), path("c.raw"));
  }

  @Test
  void aChainThatDependsOnItselfIsShownOnce() throws IOException {
    disk("a.vhd");
    done("vhd", "snapshot", path("a.vhd"), path("b.vhd"));
    try (FileContainer container = FileContainer.openReadWrite(folder.resolve("b.vhd"))) {
      VhdEditor.relink(container, VhdInfo.read(container), "b.vhd");
    }
    assertThat(said(0, "vhd", "info", path("b.vhd"))).contains("depends on itself");
    assertThat(said(1, "vhd", "check", path("b.vhd"))).contains("b.vhd");
    assertThat(refused("vhd", "convert", path("b.vhd"), path("b.raw")))
        .contains("VDILoad (65)", "depends on itself");
  }

  @Test
  void failuresOfFilesHaveANumberAndARemedy() throws IOException {
    disk("a.vhd");
    Files.write(folder.resolve("x.vhd"), new byte[5000]);
    assertThat(refused("vhd", "info", path("x.vhd"))).contains("VDILoad (65)", "strata vhd check");
    assertThat(refused("vhd", "info", path("y.vhd"))).contains("InvalidArg (1)", "is not there.");
    assertThat(refused("vhd", "create", path("a.vhd"), "--size", "1MiB"))
        .contains("InvalidArg (1)", "exists already. Give another, or --force.");
  }

  /// A checkpoint of Hyper-V reads through the same parent.
  @Test
  void aParentOfACheckpointIsLeftAlone() throws IOException {
    Path parent = disk("p.vhd");
    done("vhd", "snapshot", path("p.vhd"), path("c.vhd"));
    done("vhd", "snapshot", path("p.vhd"), path("c_1.avhd"));
    byte[] before = Files.readAllBytes(parent);
    assertThat(refused("vhd", "coalesce", path("c.vhd"))).contains("VDIInUse (24)", "c_1.avhd");
    assertThat(refused("vhd", "resize", path("p.vhd"), "8MiB")).contains("VDIInUse (24)");
    assertThat(parent).hasBinaryContent(before);
    Files.delete(folder.resolve("c.vhd"));
    done("vhd", "coalesce", path("c_1.avhd"));
    converted(path("c_1.avhd"), path("c.raw"));
  }

  /// Its name hides it from whoever looks for images by their suffix.
  @Test
  void aParentOfAChildWithAnyNameIsLeftAlone() throws IOException {
    Path parent = disk("p.vhd");
    done("vhd", "snapshot", path("p.vhd"), path("d.vhd"));
    Files.move(folder.resolve("d.vhd"), folder.resolve("d"));
    assertThat(refused("vhd", "resize", path("p.vhd"), "8MiB"))
        .contains("VDIInUse (24)", "'" + path("d"));
    done("vhd", "snapshot", path("p.vhd"), path("c.vhd"));
    byte[] before = Files.readAllBytes(parent);
    assertThat(refused("vhd", "coalesce", path("c.vhd")))
        .contains("VDIInUse (24)", path("d") + " depends on");
    assertThat(parent).hasBinaryContent(before);
    damage(folder.resolve("d"), 1024);
    assertThat(refused("vhd", "coalesce", path("c.vhd")))
        .contains("VDILoad (65)", path("d") + " can't be read");
    Files.write(folder.resolve("d"), new byte[100_000]);
    Files.createFile(folder.resolve("empty"));
    done("vhd", "coalesce", path("c.vhd"));
  }

  @Test
  void namesOfMergedFilesLeaveTheTerminalAlone() throws IOException {
    disk("p\u001b[31m.vhd");
    done("vhd", "snapshot", path("p\u001b[31m.vhd"), path("c.vhd"));
    assertThat(said(0, "vhd", "coalesce", path("c.vhd")))
        .contains("p\\u001b[31m.vhd holds all of")
        .doesNotContain("\u001b");
  }

  private static void damage(Path file, int at) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[at] ^= 1;
    Files.write(file, bytes);
  }

  @Test
  void aSnapshotThatNobodyWouldFindIsRefused() throws IOException {
    disk("p.vhd");
    for (String name : List.of("other", "s.img", "vhd")) {
      assertThat(refused("vhd", "snapshot", path("p.vhd"), path(name)))
          .contains("InvalidArg (1)", name, "End the name in .vhd.");
      assertThat(folder.resolve(name)).doesNotExist();
    }
    Files.copy(folder.resolve("p.vhd"), folder.resolve("q"));
    assertThat(refused("vhd", "snapshot", path("q"), path("c.vhd")))
        .contains("InvalidArg (1)", "q' would not", "End the name in .vhd.");
  }

  /// Another child is made of the parent while it is looked at: that is under the parent's lock.
  @Test
  void siblingsAreLookedForOnlyOnceTheParentIsLocked() throws IOException, StorageException {
    Path parent = disk("p.vhd");
    done("vhd", "snapshot", path("p.vhd"), path("c.vhd"));
    done("vhd", "snapshot", path("p.vhd"), path("d.vhd"));
    try (ImageLock _ = ImageLock.reading(parent)) {
      assertThat(refused("vhd", "coalesce", path("c.vhd")))
          .contains("VDIInUse (24)", "p.vhd' is in use")
          .doesNotContain("depends on");
    }
  }

  @Test
  void aTableWithoutRowsIsRefused() {
    assertThat(refused("top", "--rows", "-1", "--home", path("home"))).contains("InvalidArg (1)");
  }

  @Test
  void aParentOfAChainThatIsServedIsLeftAlone() throws IOException, StorageException {
    disk("p.vhd");
    done("vhd", "snapshot", path("p.vhd"), path("m.vhd"));
    done("vhd", "snapshot", path("m.vhd"), path("c.vhd"));
    try (ImageLock _ = ImageLock.chain(folder.resolve("c.vhd"), ImageFormat.VHD, true)) {
      assertThat(refused("vhd", "coalesce", path("m.vhd"))).contains("VDIInUse (24)", "p.vhd");
      assertThat(refused("vhd", "coalesce", path("c.vhd"))).contains("VDIInUse (24)", "m.vhd");
      assertThat(refused("serve", path("p.vhd"))).contains("VDIInUse (24)");
    }
    done("vhd", "coalesce", path("m.vhd"));
  }

  /// A wrong byte in the first footer is mended from the copy at the end, and no other byte is
  /// written than what was announced.
  @Test
  void repairSaysWhatItWritesAndWhatIsLeft() throws IOException {
    Path file = disk("p.vhd");
    byte[] sound = Files.readAllBytes(file);
    byte[] damaged = sound.clone();
    damaged[20] ^= 1;
    Files.write(file, damaged);
    assertThat(said(1, "vhd", "repair", "--dry-run", path("p.vhd"))).contains("(512 bytes at 0)");
    assertThat(file).hasBinaryContent(damaged);
    String json = said(0, "vhd", "repair", "--json", path("p.vhd"));
    assertThat(json)
        .contains("\"dry-run\" : false", "\"offset\" : 0", "\"length\" : 512")
        .contains("\"worst\" : null");
    assertThat(file).hasBinaryContent(sound);
    assertThat(said(0, "vhd", "repair", path("p.vhd"))).isEqualTo(path("p.vhd") + " is valid\n");
  }

  @Test
  void repairSaysWhereItCannotHelp() throws IOException {
    Path empty = Files.createFile(folder.resolve("empty.vhd"));
    assertThat(said(1, "vhd", "repair", path("empty.vhd")))
        .contains("0 bytes", "empty.vhd: nothing more can be repaired");
    assertThat(empty).isEmptyFile();
  }

  /// Also says how far it is.
  private static void converted(String from, String to) {
    TestTerminal terminal = TestTerminal.create();
    assertThat(Main.run(List.of("vhd", "convert", from, to), terminal.terminal())).isZero();
  }

  private static String said(int exitCode, String... words) {
    TestTerminal terminal = TestTerminal.create();
    assertThat(Main.run(List.of(words), terminal.terminal())).isEqualTo(exitCode);
    assertThat(terminal.complained()).isEmpty();
    return terminal.printed();
  }

  @Test
  void disksThatNoVhdCanHoldAreRefusedByTheirSize() throws IOException {
    Files.createFile(folder.resolve("empty.raw"));
    assertThat(refused("vhd", "convert", path("empty.raw"), path("empty.vhd")))
        .contains("VDISize (79)", "0 bytes");
    assertThat(folder.resolve("empty.vhd")).doesNotExist();
  }

  @Test
  void aFileInAMissingFolderIsRefusedByTheFoldersName() {
    assertThat(refused("vhd", "create", path("none/x.vhd"), "--size", "1GiB"))
        .contains(path("none") + " is not there");
  }

  @Test
  void portsThatDoNotExistAreRefused() {
    disk("p.vhd");
    assertThat(refused("serve", path("p.vhd"), "--port", "70000"))
        .contains("InvalidArg (1)", "70000");
    assertThat(refused("serve", path("p.vhd"), "--port=-1")).contains("InvalidArg (1)", "-1");
  }

  @Test
  void aCompressedImageIsNotServedAsARawDisk() throws IOException {
    Files.write(folder.resolve("disk.raw.gz"), new byte[4096]);
    assertThat(refused("serve", path("disk.raw.gz"))).contains("InvalidArg (1)", "compressed");
  }
}
