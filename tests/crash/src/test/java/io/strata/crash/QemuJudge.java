// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static io.strata.crash.SectorModel.SECTOR_BYTES;

import io.strata.block.Container;
import io.strata.block.Extent;
import io.strata.block.FileContainer;
import io.strata.block.SparseCopy;
import io.strata.vhd.DiskType;
import io.strata.vhd.ParentResolver;
import io.strata.vhd.VhdChain;
import io.strata.vhd.VhdInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Reads crashed images of disks without a parent with qemu, as the cut left them and after they
/// were opened for writing. By then both footers must be there, valid and the same.
///
/// qemu looks for the footer of a dynamic image at its start only, and pays no heed to sector
/// bitmaps: where none of a sector was flushed it may read what Strata does not show yet. So every
/// sector must hold in qemu's eyes what the model allows, and where it is marked present, the same
/// as in ours.
final class QemuJudge {
  private static final long TIMEOUT_SECONDS = 60;

  private final Path qemuImg;
  private final Path directory;
  private long judged;
  private long readAsTheyWere;
  private long comparedBytes;

  QemuJudge(Path qemuImg, Path directory) {
    this.qemuImg = qemuImg;
    this.directory = directory;
  }

  /// How many crash states qemu has read.
  long judged() {
    return judged;
  }

  /// How many of them it could read as the cut left them.
  long readAsTheyWere() {
    return readAsTheyWere;
  }

  /// How much of them was marked present and equal.
  long comparedBytes() {
    return comparedBytes;
  }

  /// What Strata reads of a disk, and what of that is marked present.
  private record Ours(byte[] bytes, List<Extent> present) {}

  /// Judges one crashed image.
  void judge(SimulatedStorage storage, int number, SectorModel model) throws IOException {
    Path vhd = directory.resolve("crashed.vhd");
    boolean readable = save(storage.open(number, false), vhd);
    byte[] before = readable ? qemuRead(vhd) : new byte[0];
    Ours ours;
    try (VhdChain chain = VhdChain.open(storage.open(number, true), true, ParentResolver.none())) {
      ours = read(chain);
    }
    if (!VhdInfo.read(storage.open(number, false)).trailingFooterValid()) {
      throw new CrashViolation("a footer is missing after it was opened for writing");
    }
    if (readable) {
      compare(before, ours, model, "as the cut left it");
      readAsTheyWere++;
    }
    save(storage.open(number, false), vhd);
    compare(qemuRead(vhd), ours, model, "after it was opened for writing");
    judged++;
  }

  private static Ours read(VhdChain chain) throws IOException {
    byte[] bytes = new byte[Math.toIntExact(chain.sizeBytes())];
    chain.read(0, ByteBuffer.wrap(bytes));
    List<Extent> present = new ArrayList<>();
    chain.extents(
        0,
        chain.sizeBytes(),
        (offset, length, kind) -> {
          if (kind == Extent.Kind.DATA) {
            present.add(new Extent(offset, length, kind));
          }
          return true;
        });
    return new Ours(bytes, present);
  }

  /// Writes an image to a file.
  ///
  /// @return whether qemu can be expected to read it: the footer is where it looks, and valid
  private static boolean save(Container image, Path file) throws IOException {
    Files.deleteIfExists(file);
    try (image;
        FileContainer copy = FileContainer.create(file)) {
      copy.ensureCapacity(image.sizeBytes());
      new SparseCopy(image, copy, true, SparseCopy.Listener.NONE).copyFrom(0);
      if (VhdInfo.read(image).type() == DiskType.FIXED) {
        return FooterWrites.validAt(image, image.sizeBytes() - SECTOR_BYTES);
      }
      return FooterWrites.validAt(image, 0);
    }
  }

  private byte[] qemuRead(Path vhd) throws IOException {
    Path raw = directory.resolve("raw");
    Path log = directory.resolve("qemu-img.log");
    Process process =
        new ProcessBuilder(
                List.of(
                    qemuImg.toString(), "convert", "-f", "vpc", "-O", "raw", "" + vhd, "" + raw))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        throw new CrashViolation("qemu-img does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while qemu-img ran", e);
    } finally {
      process.destroyForcibly();
    }
    if (process.exitValue() != 0) {
      throw new CrashViolation("qemu-img does not read it: " + Files.readString(log));
    }
    return Files.readAllBytes(raw);
  }

  private void compare(byte[] theirs, Ours ours, SectorModel model, String when) {
    if (theirs.length != ours.bytes().length) {
      throw new CrashViolation(
          "qemu sees %d bytes, not %d, %s".formatted(theirs.length, ours.bytes().length, when));
    }
    for (int at = 0; at < theirs.length; at += SECTOR_BYTES) {
      model.check(at / SECTOR_BYTES, theirs, at);
    }
    for (Extent extent : ours.present()) {
      int from = (int) extent.offsetBytes();
      int to = from + (int) extent.lengthBytes();
      int difference = Arrays.mismatch(theirs, from, to, ours.bytes(), from, to);
      if (difference >= 0) {
        throw new CrashViolation(
            "qemu reads something else at byte " + (from + difference) + " " + when);
      }
      comparedBytes += extent.lengthBytes();
    }
  }
}
