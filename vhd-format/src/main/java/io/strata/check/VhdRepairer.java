// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import io.strata.block.Container;
import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/// Repairs what can be repaired without a guess: redundant and derived metadata. Data, the BAT's
/// entries of the disk and the identity of images are never changed.
///
/// Planning reads only; applying writes what was planned and nothing else. Repeating both does no
/// harm: a repaired image gives an empty plan.
public final class VhdRepairer {
  private static final int CHUNK_BYTES = 1 << 16;

  private VhdRepairer() {}

  /// What would be written to repair an image.
  ///
  /// @param report what a check of this image found
  public static RepairPlan plan(Container container, CheckReport report) throws IOException {
    long now = Clock.systemUTC().instant().getEpochSecond() - VhdLayout.EPOCH_2000_SECONDS;
    return RepairPlanner.plan(
        new Subject(container, container.sizeBytes(), now, new Findings(0)), report);
  }

  /// Makes the steps of a plan, each durable before the next.
  ///
  /// @throws IOException where the image is not as the plan saw it (before anything is written), or
  ///   the medium fails
  public static void apply(Container container, RepairPlan plan) throws IOException {
    apply(container, plan, _ -> {});
  }

  /// Makes the steps of a plan, each durable before the next.
  ///
  /// @param made is told of each step once it is durable
  /// @throws IOException where the image is not as the plan saw it (before anything is written), or
  ///   the medium fails: what was told is there, the step after it perhaps in parts
  public static void apply(Container container, RepairPlan plan, Consumer<RepairStep> made)
      throws IOException {
    checkUnchanged(container, plan);
    List<RepairStep> steps = plan.steps();
    int told = 0;
    for (int i = 0; i < steps.size(); i++) {
      apply(container, steps.get(i));
      boolean joined =
          i + 1 < steps.size()
              && steps.get(i) instanceof RepairStep.Fill
              && steps.get(i + 1) instanceof RepairStep.Fill;
      if (!joined) {
        // Barrier: the steps after this one count on it.
        container.flush();
        steps.subList(told, i + 1).forEach(made);
        told = i + 1;
      }
    }
  }

  private static void checkUnchanged(Container container, RepairPlan plan) throws IOException {
    boolean same = container.sizeBytes() == plan.imageBytes();
    // A later step may start from what an earlier one wrote; the first write of a place decides.
    long grown = plan.imageBytes();
    for (int i = 0; same && i < plan.steps().size(); i++) {
      if (plan.steps().get(i) instanceof RepairStep.Write write
          && write.offsetBytes() + write.lengthBytes() <= grown
          && first(plan.steps(), i)) {
        ByteBuffer found = ByteBuffer.allocate(write.before().length);
        container.read(write.offsetBytes(), found);
        same = Arrays.equals(found.array(), write.before());
      }
    }
    if (!same) {
      throw new IOException(
          plan.image() + " was changed since its repair was planned; check it again");
    }
  }

  private static boolean first(List<RepairStep> steps, int index) {
    return steps.subList(0, index).stream()
        .noneMatch(step -> step.offsetBytes() == steps.get(index).offsetBytes());
  }

  private static void apply(Container container, RepairStep step) throws IOException {
    switch (step) {
      case RepairStep.Grow grow ->
          container.ensureCapacity(grow.offsetBytes() + grow.lengthBytes());
      case RepairStep.Write write ->
          container.write(
              write.offsetBytes(), ByteBuffer.wrap(write.after()), Durability.WRITE_BACK);
      case RepairStep.Fill fill -> fill(container, fill);
    }
  }

  private static void fill(Container container, RepairStep.Fill fill) throws IOException {
    if (fill.value() == 0) {
      container.writeZeroes(
          fill.offsetBytes(), fill.lengthBytes(), Zeroing.MAY_DEALLOCATE, Durability.WRITE_BACK);
      return;
    }
    byte[] chunk = new byte[(int) Math.min(fill.lengthBytes(), CHUNK_BYTES)];
    Arrays.fill(chunk, fill.value());
    for (long done = 0; done < fill.lengthBytes(); done += chunk.length) {
      int length = (int) Math.min(chunk.length, fill.lengthBytes() - done);
      container.write(
          fill.offsetBytes() + done, ByteBuffer.wrap(chunk, 0, length), Durability.WRITE_BACK);
    }
  }
}
