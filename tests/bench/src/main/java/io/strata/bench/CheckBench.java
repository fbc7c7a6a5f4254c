// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.FileContainer;
import io.strata.check.CheckOptions;
import io.strata.check.CheckReport;
import io.strata.check.VhdChecker;
import io.strata.vhd.VhdCreator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Locale;
import java.util.UUID;

/// The check of a large, fully allocated image, beside `qemu-img check` of a qcow2 with all of its
/// metadata allocated (it checks no VHD).
final class CheckBench {
  private static final long SIZE_BYTES = 256 * Scale.GIB;
  private static final int BLOCK_BYTES = 2 << 20;

  /// The dynamic header: where its field for the BAT's place is. VHD specification 1.0, "Dynamic
  /// Disk Header Format": it follows the footer's copy, with the table's offset at 16.
  private static final int TABLE_OFFSET_AT = 512 + 16;

  /// A bitmap's sector and the block, so that data stands at multiples of 4 KiB.
  private static final int STRIDE_SECTORS = BLOCK_BYTES / 512 + 8;

  private static final int FOOTER_BYTES = 512;
  private static final Task TASK = Task.cost("check of a fully allocated 256 GiB image", "s");
  private static final String OURS = "strata VHD";

  private CheckBench() {}

  static void run(Scale scale, Results results) throws IOException, InterruptedException {
    try (Scratch scratch = Scratch.create()) {
      Path vhd = scratch.file("full.vhd");
      Path qcow2 = scratch.file("full.qcow2");
      fullyAllocated(vhd);
      Command.run(
          "qemu-img",
          "create",
          "-q",
          "-f",
          "qcow2",
          "-o",
          "preallocation=metadata",
          qcow2.toString(),
          Long.toString(SIZE_BYTES));
      for (int round = 0; round <= scale.rounds(); round++) {
        Command.settle();
        double ours = check(vhd);
        double qemu = Command.seconds("qemu-img", "check", "-q", "-f", "qcow2", qcow2.toString());
        // The first round warms caches and compilers.
        if (round > 0) {
          results.add(TASK, OURS, ours);
          results.add(TASK, "qemu-img check qcow2", qemu);
        }
      }
    }
    double seconds = results.median(TASK, OURS);
    results.target(
        "check of a fully allocated 256 GiB VHD: less than 2 s",
        String.format(Locale.ROOT, "%.2f s", seconds),
        seconds < 2);
  }

  private static double check(Path file) throws IOException {
    long start = System.nanoTime();
    try (FileContainer container = FileContainer.openReadOnly(file)) {
      CheckReport report = VhdChecker.check(container, CheckOptions.standard());
      if (report.allocatedBlocks() != SIZE_BYTES / BLOCK_BYTES || !report.clean()) {
        throw new IOException("the check did not see the image as it is: " + report);
      }
    }
    return (System.nanoTime() - start) / 1e9;
  }

  /// An image whose blocks are all allocated, with nothing in them.
  private static void fullyAllocated(Path file) throws IOException {
    try (FileContainer container = FileContainer.create(file)) {
      VhdCreator.dynamic(container, UUID.randomUUID(), SIZE_BYTES);
      ByteBuffer field = ByteBuffer.allocate(Long.BYTES);
      container.read(TABLE_OFFSET_AT, field);
      long tableAt = field.getLong(0);
      ByteBuffer entry = ByteBuffer.allocate(Integer.BYTES);
      container.read(tableAt, entry);
      long first = Integer.toUnsignedLong(entry.getInt(0));

      int blocks = (int) (SIZE_BYTES / BLOCK_BYTES);
      ByteBuffer table = ByteBuffer.allocate(blocks * Integer.BYTES);
      for (int i = 0; i < blocks; i++) {
        table.putInt((int) (first + (long) i * STRIDE_SECTORS));
      }
      container.write(tableAt, table.flip(), Durability.WRITE_BACK);

      ByteBuffer footer = ByteBuffer.allocate(FOOTER_BYTES);
      container.read(0, footer);
      long oldEnd = container.sizeBytes() - FOOTER_BYTES;
      long end = (first + (long) blocks * STRIDE_SECTORS) * 512;
      container.write(oldEnd, ByteBuffer.allocate(FOOTER_BYTES), Durability.WRITE_BACK);
      container.ensureCapacity(end + FOOTER_BYTES);
      container.write(end, footer.flip(), Durability.WRITE_BACK);
      container.flush();
    }
  }
}
