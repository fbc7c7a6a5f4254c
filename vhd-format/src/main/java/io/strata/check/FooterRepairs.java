// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.vhd.DiskType;
import io.strata.vhd.VhdLayout;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;

/// Works out the steps that put the footers right, and knows which findings they mend.
final class FooterRepairs {
  /// End of content that nobody knows.
  static final long UNKNOWN_END = Long.MAX_VALUE;

  private final Subject subject;
  private final RawFooters footers;
  private final RawFooter inForce;
  private final boolean sizeDoubtful;
  private final Consumer<RepairStep> steps;
  private boolean copyRight;
  private boolean endRight;
  private boolean appended;

  /// @param sizeDoubtful whether the disk may be larger than the footer in force says
  FooterRepairs(
      Subject subject,
      RawFooters footers,
      RawFooter inForce,
      boolean sizeDoubtful,
      Consumer<RepairStep> steps) {
    this.subject = subject;
    this.footers = footers;
    this.inForce = inForce;
    this.sizeDoubtful = sizeDoubtful;
    this.steps = steps;
  }

  /// Writes the footer in force, corrected, wherever it is not and may be. The copy comes first:
  /// readers believe it, so that from there on the end counts for nothing.
  ///
  /// @param contentEnd first byte after everything known of the image
  void correct(long contentEnd) {
    RawFooter end = footers.end();
    boolean endAtSector = end.offsetBytes() % SECTOR_BYTES == 0;
    byte[] right = right();
    if (inForce.type() == DiskType.FIXED) {
      if (endAtSector) {
        replace(Fix.FOOTERS, end, right);
        endRight = true;
      }
      return;
    }
    if (footers.inDoubt()) {
      return;
    }
    boolean replaced = endAtSector && (end.valid() || end.offsetBytes() >= contentEnd);
    appended = !replaced && contentEnd < UNKNOWN_END;
    endRight = replaced || appended;
    if (footers.copy().isPresent() && (endRight || !agree())) {
      replace(Fix.FOOTERS, footers.copy().get(), right);
      copyRight = true;
    }
    if (replaced) {
      replace(Fix.FOOTERS, end, right);
    } else if (appended) {
      append(Fix.FOOTERS, right, Math.max(subject.sizeBytes(), contentEnd));
    }
  }

  /// The footer is at the end before the old place is cleared, which is not a part of the disk.
  void interruptedGrowth() {
    RawFooter end = footers.end();
    if (end.offsetBytes() % SECTOR_BYTES == 0) {
      replace(Fix.INTERRUPTED_GROWTH, end, right());
    } else {
      append(Fix.INTERRUPTED_GROWTH, right(), subject.sizeBytes());
    }
    steps.accept(
        new RepairStep.Fill(
            Fix.INTERRUPTED_GROWTH,
            "Clear the footer where the end was",
            inForce.offsetBytes(),
            VhdLayout.FOOTER_BYTES,
            (byte) 0));
    endRight = true;
  }

  /// Whether a finding is gone after the steps.
  boolean mends(FooterFinding finding) {
    return switch (finding) {
      case FooterFinding.FooterInvalid invalid ->
          switch (invalid.place()) {
            case COPY -> copyRight;
            case END, OLD_END -> endRight;
          };
      case FooterFinding.GrowthInterrupted _ -> endRight;
      case FooterFinding.FootersDiffer _ -> copyRight && endRight;
      case FooterFinding.TornTail _ -> appended;
      case FooterFinding.FooterField _ -> inForceRight();
      case FooterFinding.GeometryTooLarge _ -> inForceRight() && !sizeDoubtful;
      case FooterFinding.ImageTooSmall _,
          FooterFinding.ShortFooter _,
          FooterFinding.CreatorVersionUnknown _,
          FooterFinding.TimestampInFuture _,
          FooterFinding.DiskSizeInvalid _ ->
          false;
    };
  }

  /// Readers believe the copy, where there is one.
  private boolean inForceRight() {
    boolean byCopy = inForce.type() != DiskType.FIXED && footers.copy().isPresent();
    return byCopy ? copyRight : endRight;
  }

  /// Whether both are valid and say the same: then one is not changed without the other.
  private boolean agree() {
    Optional<RawFooter> copy = footers.validCopy();
    return footers.end().valid()
        && copy.isPresent()
        && footers.end().differences(copy.get()).isEmpty();
  }

  private byte[] right() {
    return inForce.corrected(!sizeDoubtful).array();
  }

  /// Only where everything of the image is known to be there: what was cut off would read as zeroes
  /// after growth, and pass for data.
  private void append(Fix fix, byte[] right, long from) {
    long size = subject.sizeBytes();
    long at = VhdLayout.roundUp(from, SECTOR_BYTES);
    long grown = at + VhdLayout.FOOTER_BYTES;
    steps.accept(new RepairStep.Grow(fix, "Make room for a footer at the end", size, grown - size));
    steps.accept(
        new RepairStep.Write(
            fix, "Write the footer at the end", at, new byte[VhdLayout.FOOTER_BYTES], right));
  }

  private void replace(Fix fix, RawFooter footer, byte[] right) {
    byte[] before = new byte[footer.lengthBytes()];
    footer.bytes().get(0, before);
    byte[] after = Arrays.copyOf(right, footer.lengthBytes());
    if (!Arrays.equals(before, after)) {
      String sentence =
          switch (footer.place()) {
            case COPY -> "Write the copy of the footer at offset 0";
            case END, OLD_END -> "Write the footer at the end";
          };
      steps.accept(new RepairStep.Write(fix, sentence, footer.offsetBytes(), before, after));
    }
  }
}
