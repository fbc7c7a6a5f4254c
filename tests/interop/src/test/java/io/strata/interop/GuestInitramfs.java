// SPDX-License-Identifier: Apache-2.0
package io.strata.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The guest's whole user space: busybox, e2fsprogs with their libraries, the kernel's modules, and
/// `guest-init.sh` as its first process.
final class GuestInitramfs {

  private static final Pattern LIBRARY = Pattern.compile("(/[^ ]+\\.so[^ ]*) \\(0x");

  private GuestInitramfs() {}

  /// Packs the archive; skips the test where a tool for it is not installed.
  ///
  /// @param directory an existing directory to build in
  static Path build(Path directory, GuestKernel kernel) throws IOException {
    Tool busybox = Tool.require("busybox");
    Tool.require("cpio");
    Path root = directory.resolve("initramfs");
    for (String name : List.of("bin", "dev", "proc", "sys", "mnt", "modules")) {
      Files.createDirectories(root.resolve(name));
    }
    Files.copy(busybox.executable(), root.resolve("bin/busybox"));
    for (String program : List.of("mke2fs", "e2fsck")) {
      copyProgram(Tool.require(program).executable(), root);
    }
    copyModules(kernel, root.resolve("modules"));
    try (InputStream init =
        Objects.requireNonNull(GuestInitramfs.class.getResourceAsStream("guest-init.sh"))) {
      Files.copy(init, root.resolve("init"));
    }
    Files.setPosixFilePermissions(
        root.resolve("init"), PosixFilePermissions.fromString("rwxr-xr-x"));
    Path archive = directory.resolve("initramfs.cpio");
    new Tool(Path.of("/bin/sh"))
        .run("-c", "cd '%s' && find . | cpio --quiet -o -H newc > '%s'".formatted(root, archive))
        .ok();
    return archive;
  }

  private static void copyModules(GuestKernel kernel, Path target) throws IOException {
    StringBuilder order = new StringBuilder();
    for (Path module :
        kernel.loadOrder("virtio-pci", "virtio-blk", "crc32c-generic", "crc32c-intel", "ext4")) {
      Files.copy(module, target.resolve(String.valueOf(module.getFileName())));
      order.append(module.getFileName()).append('\n');
    }
    Files.writeString(target.resolve("order"), order);
  }

  /// A program with the shared libraries that it needs, each at its own path.
  private static void copyProgram(Path program, Path root) throws IOException {
    Files.copy(program, root.resolve("bin").resolve(String.valueOf(program.getFileName())));
    String libraries = Tool.require("ldd").run(program.toString()).ok();
    Matcher library = LIBRARY.matcher(libraries);
    assertThat(libraries).contains(".so");
    while (library.find()) {
      Path source = Path.of(library.group(1));
      Path target = root.resolve(source.toString().substring(1));
      Files.createDirectories(Objects.requireNonNull(target.getParent()));
      Files.copy(source, target, StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
