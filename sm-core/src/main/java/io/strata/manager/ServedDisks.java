// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.block.BlockDevice;
import io.strata.catalog.VdiRecord;
import io.strata.nbd.ExportStatistics;
import io.strata.nbd.NbdExport;
import io.strata.nbd.Throttle;
import io.strata.nbd.ThrottleLimits;
import io.strata.spi.AccessMode;
import io.strata.spi.ErrorCode;
import io.strata.spi.Replacement;
import io.strata.spi.Repository;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// The devices of attached VDIs and their exports. One device for each VDI, however many domains
/// have attached it.
///
/// **Threads.** Calls for one VDI come one at a time: the caller holds the VDI, or its SR alone.
final class ServedDisks implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ServedDisks.class.getName());

  private final BlockBackend backend;
  private final Duration drainTimeout;
  private final Duration flushInterval;
  private final Schedule schedule;
  private final Map<VdiUuid, Served> served = new ConcurrentHashMap<>();

  ServedDisks(BlockBackend backend, ManagerConfig config) {
    this.backend = backend;
    drainTimeout = config.drainTimeout();
    flushInterval = config.flushInterval();
    schedule = config.schedule();
  }

  private static final class Served {
    private BlockDevice device;
    private final Map<String, NbdExport> exports = new ConcurrentHashMap<>();
    private final Throttle throttle = new Throttle();
    private Schedule.Round flushes = () -> {};

    private Served(BlockDevice device) {
      this.device = device;
    }

    private boolean failed() {
      return exports.values().stream().anyMatch(NbdExport::failed);
    }

    /// For guests that write and never flush: a VHD's metadata is durable only after a flush, so
    /// that without one everything they wrote would be lost with the daemon.
    private void flushChanges() {
      for (NbdExport export : exports.values()) {
        try {
          export.flushChanges();
        } catch (IOException e) {
          LOG.log(System.Logger.Level.DEBUG, "the export has logged it, and stays failed", e);
        }
      }
    }
  }

  /// What is done while exports are paused.
  @FunctionalInterface
  interface PausedWork {
    Replacement run() throws StorageException;
  }

  boolean serves(VdiUuid vdi) {
    return served.containsKey(vdi);
  }

  boolean serves(VdiUuid vdi, String endpoint) {
    Served disk = served.get(vdi);
    return disk != null && disk.exports.containsKey(endpoint);
  }

  Optional<Long> sizeBytes(VdiUuid vdi) {
    return Optional.ofNullable(served.get(vdi)).map(disk -> disk.device.sizeBytes());
  }

  /// Opens the VDI unless it is open, and offers it at the endpoint unless it is there.
  void serve(Repository repository, VdiUuid vdi, AccessMode mode, String endpoint)
      throws StorageException {
    Served disk = served.get(vdi);
    boolean opened = disk == null;
    if (disk == null) {
      disk = new Served(repository.open(vdi, mode));
      served.put(vdi, disk);
      if (!disk.device.readOnly()) {
        disk.flushes = schedule.every(flushInterval, "flush-" + vdi, disk::flushChanges);
      }
    }
    if (disk.exports.containsKey(endpoint)) {
      return;
    }
    try {
      NbdExport export = new NbdExport(vdi.toString(), "VDI " + vdi, disk.device, disk.throttle);
      backend.add(endpoint, export);
      disk.exports.put(endpoint, export);
    } catch (StorageException e) {
      if (opened) {
        served.remove(vdi);
        disk.flushes.close();
        closeQuietly(vdi, disk.device);
      }
      throw e;
    }
  }

  /// Holds the clients of a VDI to its limits from now on, where it is served. What says no limits
  /// that there are limits nothing: a disk that came with its SR is better served without.
  void limit(VdiRecord vdi) {
    Served disk = served.get(vdi.uuid());
    if (disk == null) {
      return;
    }
    try {
      disk.throttle.limit(QosParameters.limits(vdi));
    } catch (StorageException e) {
      LOG.log(
          System.Logger.Level.WARNING, "VDI {0}: served without limits: {1}", vdi.uuid(), e.what());
      disk.throttle.limit(ThrottleLimits.NONE);
    }
  }

  /// Withdraws the VDI from an endpoint; with the last one, flushes and closes its device.
  ///
  /// @throws StorageException [ErrorCode#VDI_IN_USE] if requests do not end, and it is served on;
  ///   [ErrorCode#IO_ERROR] if the flush failed, and it is no longer served
  void withdraw(VdiUuid vdi, String endpoint) throws StorageException {
    Served disk = served.get(vdi);
    if (disk == null) {
      return;
    }
    boolean failed = disk.failed();
    if (disk.exports.containsKey(endpoint)) {
      backend.remove(endpoint, vdi.toString());
      disk.exports.remove(endpoint);
    }
    if (!disk.exports.isEmpty()) {
      return;
    }
    served.remove(vdi);
    disk.flushes.close();
    try (BlockDevice device = disk.device) {
      if (failed) {
        throw new IOException("an earlier flush failed, and a failed flush is not tried again");
      }
      if (!device.readOnly()) {
        device.flush();
      }
    } catch (IOException e) {
      throw new StorageException(
          ErrorCode.IO_ERROR,
          "The last flush of VDI " + vdi + " failed: " + e.getMessage() + ".",
          "It is detached, and writes since the last good flush may be lost: check its data.",
          e);
    }
  }

  /// Makes every write that was answered durable.
  void flush(VdiUuid vdi) throws StorageException {
    Served disk = served.get(vdi);
    if (disk == null || disk.device.readOnly()) {
      return;
    }
    try {
      for (NbdExport export : disk.exports.values()) {
        export.flush();
      }
    } catch (IOException e) {
      throw new StorageException(
          ErrorCode.IO_ERROR,
          "The flush of VDI " + vdi + " failed: " + e.getMessage() + ".",
          "Writes since the last good flush may be lost: check the storage.",
          e);
    }
  }

  /// As [#whileAtRest], for work that flushes: most of that is done before.
  void whilePaused(VdiUuid vdi, PausedWork work) throws StorageException {
    flush(vdi);
    whileAtRest(vdi, work);
  }

  /// Runs the work while no request reaches the VDI, and serves the device that it returns. When it
  /// fails the exports go on with the device that they had. Nothing is flushed.
  void whileAtRest(VdiUuid vdi, PausedWork work) throws StorageException {
    Served disk = served.get(vdi);
    if (disk == null) {
      discard(vdi, work.run());
      return;
    }
    List<NbdExport> resting = new ArrayList<>();
    try {
      // Flushes of all are waited for first: the clients of none stand still meanwhile.
      for (NbdExport export : disk.exports.values()) {
        quiet(vdi, () -> export.holdFlushes(drainTimeout));
        resting.add(export);
      }
      for (NbdExport export : resting) {
        quiet(vdi, () -> export.pause(drainTimeout));
      }
      Optional<BlockDevice> replacement = work.run().device();
      if (replacement.isPresent()) {
        disk.device = replacement.get();
        disk.exports.values().forEach(export -> export.swap(replacement.get()));
      }
    } finally {
      resting.forEach(NbdExport::resume);
    }
  }

  /// A step on the way to rest.
  @FunctionalInterface
  private interface Quieting {
    void run() throws IOException;
  }

  private static void quiet(VdiUuid vdi, Quieting step) throws StorageException {
    try {
      step.run();
    } catch (IOException e) {
      throw new StorageException(
          ErrorCode.IO_ERROR,
          "The export of VDI " + vdi + " could not be paused: " + e.getMessage() + ".",
          "It runs on; look at its storage and send the request again.",
          e);
    }
  }

  /// Requests that clients have sent so far, over all disks: by it one sees whether guests are
  /// busy.
  long requests() {
    long requests = 0;
    for (Served disk : served.values()) {
      for (NbdExport export : disk.exports.values()) {
        ExportStatistics statistics = export.statistics();
        requests += statistics.reads() + statistics.writes() + statistics.flushes();
      }
    }
    return requests;
  }

  /// Of every disk that is served, in the order of their UUIDs.
  List<DiskStatistics> statistics() {
    return served.keySet().stream().sorted().flatMap(vdi -> statistics(vdi).stream()).toList();
  }

  private Optional<DiskStatistics> statistics(VdiUuid vdi) {
    return Optional.ofNullable(served.get(vdi))
        .map(disk -> {
          ExportStatistics sum = ExportStatistics.NONE;
          int connections = 0;
          for (NbdExport export : disk.exports.values()) {
            sum = sum.plus(export.statistics());
            connections += export.connections();
          }
          return new DiskStatistics(vdi, connections, disk.failed(), sum, disk.device.cacheUse());
        });
  }

  /// Closes a replacement for a device that nobody serves.
  static void discard(VdiUuid vdi, Replacement replacement) {
    replacement.device().ifPresent(device -> closeQuietly(vdi, device));
  }

  private static void closeQuietly(VdiUuid vdi, BlockDevice device) {
    try {
      device.close();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "VDI " + vdi + ": closing its device", e);
    }
  }

  /// Flushes and closes every device. The servers are closed before.
  @Override
  public void close() {
    served.forEach((vdi, disk) -> {
      disk.flushes.close();
      try {
        flush(vdi);
      } catch (StorageException e) {
        LOG.log(System.Logger.Level.ERROR, "VDI {0}: {1}", vdi, e.getMessage());
      }
      closeQuietly(vdi, disk.device);
    });
    served.clear();
  }
}
