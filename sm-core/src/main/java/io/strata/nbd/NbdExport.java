// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import io.strata.block.BlockDevice;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

/// A block device under a name that NBD clients ask for.
///
/// The device may be replaced under running clients: [#pause], [#swap], [#resume]. The export never
/// closes a device: whoever made the device does, after [NbdExports#remove] or [#swap].
///
/// After a failed flush nothing is known of the writes since the last good one, so the export is
/// *failed*: it answers every write and flush with an error until [#recover] gives it a device that
/// was opened anew. Reads go on.
///
/// **Threads.** Every method may be called by any thread; pausing is for one caller at a time.
public final class NbdExport {
  private static final Logger LOGGER = System.getLogger(NbdExport.class.getName());

  private final String name;
  private final String description;
  private final RequestGate gate = new RequestGate();
  private final FlushGroup flushes = new FlushGroup();
  private final ConnectionSet connections = new ConnectionSet();
  private final AtomicBoolean failureLogged = new AtomicBoolean();
  private final Throttle throttle;

  /// Written only while nobody is inside the gate.
  private volatile BlockDevice device;

  /// Whether something changed that no flush has covered. Set after a change, unset before a flush.
  private volatile boolean unflushed;

  /// An export whose clients may do as much as they can.
  ///
  /// @param name what clients ask for; not empty, at most 4096 bytes of UTF-8
  /// @param description for people, in the server's list; may be empty, at most 4096 bytes of UTF-8
  /// @param device what is served; read-only if it says so
  public NbdExport(String name, String description, BlockDevice device) {
    this(name, description, device, new Throttle());
  }

  /// As [#NbdExport(String, String, BlockDevice)], with a throttle that other exports may share.
  public NbdExport(String name, String description, BlockDevice device, Throttle throttle) {
    requireShort(name);
    requireShort(description);
    if (name.isEmpty()) {
      throw new IllegalArgumentException("an export needs a name; see NbdExports.setDefault");
    }
    this.name = name;
    this.description = description;
    this.device = device;
    this.throttle = throttle;
  }

  private static void requireShort(String text) {
    int length = text.getBytes(StandardCharsets.UTF_8).length;
    if (length > NbdWire.MAXIMUM_STRING_BYTES) {
      throw new IllegalArgumentException(
          "a string of %d bytes, at most %d".formatted(length, NbdWire.MAXIMUM_STRING_BYTES));
    }
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

  /// Stops the export: new requests wait, and those in flight finish. Nothing is flushed.
  ///
  /// Clients stay connected and notice nothing but the delay, which no flush makes longer
  /// ([#holdFlushes]). A client that does not take the data it asked for counts as a request in
  /// flight.
  ///
  /// @param drainTimeout how long to wait for requests in flight
  /// @throws IOException they did not finish in time; the export then runs on
  /// @throws IllegalStateException it is paused already
  public void pause(Duration drainTimeout) throws IOException {
    if (gate.isClosed()) {
      throw new IllegalStateException("export " + name + " is paused already");
    }
    long deadline = System.nanoTime() + drainTimeout.toNanos();
    holdFlushes(drainTimeout);
    boolean paused = false;
    try {
      gate.close();
      gate.drain(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
      paused = true;
    } catch (IOException failure) {
      throw cannotPause(failure);
    } finally {
      if (!paused) {
        resume();
      }
    }
  }

  /// The first step of [#pause], by itself: waits for the end of a flush in flight, and lets no
  /// other begin before [#resume]. Reads and writes go on.
  ///
  /// @throws IOException the flush did not end in time; the export then runs on
  public void holdFlushes(Duration timeout) throws IOException {
    try {
      flushes.hold(timeout);
    } catch (IOException failure) {
      throw cannotPause(failure);
    }
  }

  private IOException cannotPause(IOException failure) {
    return new IOException("export " + name + " can't be paused: " + failure.getMessage(), failure);
  }

  /// Replaces the device of a paused export. The old device is not closed.
  ///
  /// @param replacement at least as large as the old device
  /// @throws IllegalStateException the export is not paused
  public void swap(BlockDevice replacement) {
    if (!gate.isClosed()) {
      throw new IllegalStateException("export " + name + " is not paused");
    }
    if (replacement.sizeBytes() < device.sizeBytes()) {
      throw new IllegalArgumentException(
          "export %s has %d bytes, its replacement only %d"
              .formatted(name, device.sizeBytes(), replacement.sizeBytes()));
    }
    device = replacement;
    flushes.reset();
    failureLogged.set(false);
  }

  /// Lets requests run again. Does nothing where the export is not paused.
  public void resume() {
    gate.open();
    flushes.release();
  }

  /// Whether a flush failed since the device was made the export's.
  public boolean failed() {
    return flushes.failed();
  }

  /// Gives a failed export a device that was opened anew, under its running clients. The old device
  /// is neither flushed nor closed.
  ///
  /// @throws IOException requests in flight did not finish in time; nothing has changed
  public void recover(BlockDevice replacement, Duration drainTimeout) throws IOException {
    pause(drainTimeout);
    try {
      swap(replacement);
    } finally {
      resume();
    }
  }

  /// What clients did so far.
  public ExportStatistics statistics() {
    return connections.statistics();
  }

  /// Clients connected now.
  public int connections() {
    return connections.size();
  }

  Throttle throttle() {
    return throttle;
  }

  RequestGate gate() {
    return gate;
  }

  ConnectionSet connectionSet() {
    return connections;
  }

  /// Makes every write durable that returned before this call, on whatever connection.
  ///
  /// @throws IOException the flush failed, or one before it did: a failed flush is never tried
  ///   again
  public void flush() throws IOException {
    flushes.flush(this::flushDevice);
  }

  /// Makes durable what changed since the last flush, for clients that never ask. Does nothing
  /// where nothing changed, and while the export is paused, withdrawn or failed: a failed flush is
  /// never tried again.
  ///
  /// @return whether it flushed
  /// @throws IOException the flush failed, and the export with it
  public boolean flushChanges() throws IOException {
    if (!unflushed || failed()) {
      return false;
    }
    return flushes.flushUnlessHeld(this::flushDevice);
  }

  /// Takes note of a change that has been made, or may have been in part.
  void changed() {
    if (!unflushed) {
      unflushed = true;
    }
  }

  private void flushDevice() throws IOException {
    unflushed = false;
    try {
      device.flush();
    } catch (IOException | RuntimeException failure) {
      LOGGER.log(
          Level.ERROR,
          "export " + name + ": flush failed; it takes no more writes until it is reopened",
          failure);
      throw failure;
    }
  }

  /// Takes note of a failure of the device: says so once for each device.
  void deviceFailed(String operation, long offsetBytes, long lengthBytes, Throwable failure) {
    if (failureLogged.compareAndSet(false, true)) {
      LOGGER.log(
          Level.WARNING,
          "export %s: %s of %d bytes at %d failed; later failures are only counted"
              .formatted(name, operation, lengthBytes, offsetBytes),
          failure);
    }
  }

  /// Ends every connection and admits no other.
  ///
  /// @throws IOException some requests have not ended in time: the device is still in use
  void withdraw(Duration timeout) throws IOException {
    long deadline = System.nanoTime() + timeout.toNanos();
    gate.abandon();
    flushes.abandon();
    if (!connections.close(timeout)) {
      throw new IOException(
          "export %s: %d connections still have requests in flight after %s"
              .formatted(name, connections.size(), timeout));
    }
    // A flush that no client asked for may still run; none begins any more.
    flushes.hold(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
  }
}
