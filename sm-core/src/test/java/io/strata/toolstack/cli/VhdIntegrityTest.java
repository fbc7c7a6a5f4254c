// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.sim.MemoryContainer;
import io.strata.check.CheckOptions;
import io.strata.spi.StorageException;
import io.strata.vhd.VhdCreator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `strata vhd repair` that fails midway, and what is said of files that can't be used.
final class VhdIntegrityTest {
  private @TempDir Path folder;

  /// The copy of the footer is written, and for the footer at the end there is no room.
  @Test
  void aRepairThatFailsMidwaySaysWhatItWroteAndWhy() throws IOException {
    MemoryContainer sound = MemoryContainer.create("full.vhd");
    VhdCreator.dynamic(sound, new UUID(1, 1), 4 << 20);
    long bytes = sound.sizeBytes() - 100;
    ByteBuffer content = ByteBuffer.allocate((int) bytes);
    sound.read(0, content);
    content.put(300, (byte) 1).putInt(64, content.getInt(64) - 1);
    MemoryContainer full = MemoryContainer.create("full.vhd", bytes);
    full.ensureCapacity(bytes);
    full.write(0, content.flip(), Durability.WRITE_BACK);
    TestTerminal terminal = TestTerminal.create();
    int exitCode =
        new VhdIntegrity(terminal.terminal()).repair(full, CheckOptions.standard(), false, true);
    assertThat(exitCode).isEqualTo(1);
    assertThat(terminal.printed())
        .containsOnlyOnce("\"step\"")
        .contains("Write the copy of the footer at offset 0")
        .contains("\"error\"", "\"code\" : 44", "No space left on device: full.vhd")
        .contains("\"remedy\" : \"Free space there, then try again.\"");
    assertThat(terminal.complained()).isEmpty();
  }

  @Test
  void filesThatCannotBeUsedAreToldApart() throws IOException {
    String file = folder.resolve("a.vhd").toString();
    assertThat(said(new NoSuchFileException(file)))
        .isEqualTo("InvalidArg: " + file + " is not there.");
    assertThat(said(new AccessDeniedException(file)))
        .isEqualTo("InvalidArg: " + file + " may not be opened by this user.");
    assertThat(said(new FileSystemException(file, null, "Permission denied")))
        .isEqualTo("InvalidArg: " + file + " may not be opened by this user.");
    assertThat(said(new FileSystemException(file, null, "Read-only file system")))
        .isEqualTo("EIO: " + file + " is on a file system that is mounted read-only.");
    assertThat(said(new FileSystemException(file, null, "No space left on device")))
        .isEqualTo("SRNoSpace: " + file + ": No space left on device.");
    assertThat(said(new FileSystemException(file, null, "Input/output error")))
        .isEqualTo("EIO: " + file + ": Input/output error.");
    assertThat(said(new IOException("the link is down"))).isEqualTo("EIO: the link is down.");
  }

  @Test
  void linksAreToldApart() throws IOException {
    Path target = Files.createFile(folder.resolve("there.vhd"));
    Path good = Files.createSymbolicLink(folder.resolve("good.vhd"), target);
    Path dangling =
        Files.createSymbolicLink(folder.resolve("dangling.vhd"), folder.resolve("gone.vhd"));
    Path loop = Files.createSymbolicLink(folder.resolve("loop"), folder.resolve("loop"));
    assertThat(checked(good))
        .contains(good + " is a symbolic link, which is not followed.", target + ".");
    assertThat(checked(dangling)).contains(dangling + " is a symbolic link to what is not there.");
    assertThat(checked(loop)).contains(loop + " is a symbolic link that leads back to itself.");
    assertThat(checked(loop.resolve("a.vhd")))
        .contains(loop + " is a symbolic link that leads back to itself.");
    assertThat(checked(folder.resolve("none.vhd"))).contains("none.vhd is not there.");
    assertThat(checked(folder)).contains("is not a regular file.");
  }

  private static String checked(Path file) {
    TestTerminal terminal = TestTerminal.create();
    assertThat(Main.run(List.of("vhd", "check", file.toString()), terminal.terminal()))
        .isEqualTo(1);
    assertThat(terminal.complained().lines()).hasSize(1);
    return terminal.complained();
  }

  private static String said(IOException e) {
    StorageException failure = FileFailures.of(e);
    assertThat(failure.remedy()).isNotEmpty();
    return failure.code().fieldName() + ": " + failure.what();
  }
}
