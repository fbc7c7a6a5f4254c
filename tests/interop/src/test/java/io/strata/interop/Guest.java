// SPDX-License-Identifier: Apache-2.0
package io.strata.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/// A Linux virtual machine with one virtio disk, which qemu reaches through NBD.
///
/// It runs under TCG (plain emulation): about ten seconds to boot.
///
/// @param initramfs made by [GuestInitramfs]
record Guest(Path kernel, Path initramfs) {

  private static final Duration TIMEOUT = Duration.ofMinutes(6);

  /// Builds the guest's files in `directory`; skips the test where something for it is missing.
  static Guest prepare(Path directory) throws IOException {
    Tool.require("qemu-system-x86_64");
    GuestKernel kernel = GuestKernel.require();
    return new Guest(kernel.image(), GuestInitramfs.build(directory, kernel));
  }

  /// Boots, lets `guest-init.sh` do one phase, and waits for the power-off.
  ///
  /// @param disk a URI as qemu takes it, e.g. `nbd+unix:///name?socket=/path`
  /// @param phase `write`, `verify` or `verify-and-write`
  /// @return the console's text; the test fails unless the guest said that all went well
  String run(String disk, String phase) throws IOException {
    String console =
        Tool.require("qemu-system-x86_64")
            .run(
                TIMEOUT,
                "-machine",
                "q35,accel=tcg",
                "-cpu",
                "max",
                "-m",
                "512",
                "-smp",
                "1",
                "-nodefaults",
                "-no-user-config",
                "-no-reboot",
                "-display",
                "none",
                "-serial",
                "stdio",
                "-kernel",
                kernel.toString(),
                "-initrd",
                initramfs.toString(),
                "-append",
                "console=ttyS0 quiet panic=-1 phase=" + phase,
                "-drive",
                "file=" + disk + ",format=raw,if=none,id=disk,discard=unmap,cache=none",
                "-device",
                "virtio-blk-pci,drive=disk")
            .ok();
    assertThat(console).contains("GUEST-OK " + phase).doesNotContain("GUEST-FAILED");
    return console;
  }
}
