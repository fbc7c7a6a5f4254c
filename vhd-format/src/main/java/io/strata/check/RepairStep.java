// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

/// One change that a repair makes. Steps are made in order, each durable before the next, and each
/// leaves an image that is no worse than before, also where only a part of its sectors was written.
public sealed interface RepairStep {

  /// The repair that it is a part of.
  Fix fix();

  /// What it does, for people.
  String sentence();

  /// First byte that it writes.
  long offsetBytes();

  /// How many bytes it writes.
  long lengthBytes();

  /// The image grows by bytes that read as zeroes.
  ///
  /// @param offsetBytes the image's size before
  record Grow(Fix fix, String sentence, long offsetBytes, long lengthBytes) implements RepairStep {}

  /// Bytes are replaced. The arrays are never changed.
  ///
  /// @param before what must be there
  /// @param after what is written
  @SuppressWarnings("ArrayRecordComponent")
  record Write(Fix fix, String sentence, long offsetBytes, byte[] before, byte[] after)
      implements RepairStep {
    @Override
    public long lengthBytes() {
      return after.length;
    }
  }

  /// A range is filled with one value.
  record Fill(Fix fix, String sentence, long offsetBytes, long lengthBytes, byte value)
      implements RepairStep {}
}
