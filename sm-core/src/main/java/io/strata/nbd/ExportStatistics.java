// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

/// What an export's clients did since the export was made; a snapshot.
///
/// @param reads reads answered, failed ones too; the same holds for the other counts of requests
/// @param readBytes bytes of successful reads
/// @param writes writes answered
/// @param writtenBytes bytes of successful writes
/// @param flushes flush requests answered; one flush of the device may answer several
/// @param trims trim requests answered
/// @param zeroes write-zeroes requests answered
/// @param blockStatuses block-status requests answered
/// @param errors requests answered with an error
/// @param inflight requests received and not answered yet
/// @param latency time from a request's arrival at the server until its reply was ready
public record ExportStatistics(
    long reads,
    long readBytes,
    long writes,
    long writtenBytes,
    long flushes,
    long trims,
    long zeroes,
    long blockStatuses,
    long errors,
    long inflight,
    LatencyHistogram latency) {

  /// Of an export that nobody has used.
  public static final ExportStatistics NONE =
      new ExportStatistics(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, LatencyHistogram.EMPTY);

  /// What the clients of two exports did.
  public ExportStatistics plus(ExportStatistics other) {
    return new ExportStatistics(
        reads + other.reads,
        readBytes + other.readBytes,
        writes + other.writes,
        writtenBytes + other.writtenBytes,
        flushes + other.flushes,
        trims + other.trims,
        zeroes + other.zeroes,
        blockStatuses + other.blockStatuses,
        errors + other.errors,
        inflight + other.inflight,
        latency.plus(other.latency));
  }
}
