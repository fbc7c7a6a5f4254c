// SPDX-License-Identifier: Apache-2.0
package io.strata.driver.local;

import io.strata.host.Disk;
import io.strata.host.Disks;
import io.strata.host.HostDevice;
import io.strata.spi.DeviceConfig;
import io.strata.spi.ErrorCode;
import io.strata.spi.ProbeResult;
import io.strata.spi.ProbeResult.Candidate;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Lists disks and partitions that can be used, and the SRs on them.
///
/// Without a device: all but those in use, read-only, too small or split into partitions. With one:
/// that one, or the reason why it can't be used.
final class DiskProbe {
  private final Disks disks;
  private final DiskInspector inspector;

  DiskProbe(Disks disks, DiskInspector inspector) {
    this.disks = disks;
    this.inspector = inspector;
  }

  ProbeResult all(DeviceConfig config) throws StorageException {
    List<Candidate> candidates = new ArrayList<>();
    for (Disk disk : disks.list()) {
      for (HostDevice device : Disks.devices(List.of(disk)).toList()) {
        visible(config, disk, device).ifPresent(candidates::add);
      }
    }
    return new ProbeResult(candidates);
  }

  ProbeResult one(DeviceConfig config, Path path) throws StorageException {
    HostDevice wanted =
        disks
            .find(path)
            .orElseThrow(() ->
                new StorageException(
                    ErrorCode.CONFIG_DEVICE_INVALID,
                    path + " is no disk or partition of this host, or has no medium.",
                    "Probe without device-config:device to see what there is."));
    for (Disk disk : disks.list()) {
      for (HostDevice device : Disks.devices(List.of(disk)).toList()) {
        if (device.number().equals(wanted.number())) {
          Verdict verdict = inspector.judge(device);
          if (verdict instanceof Verdict.Refused(StorageException why)) {
            throw why;
          }
          return new ProbeResult(
              candidate(config, disk, device, verdict).map(List::of).orElse(List.of()));
        }
      }
    }
    return new ProbeResult(List.of());
  }

  private Optional<Candidate> visible(DeviceConfig config, Disk disk, HostDevice device) {
    try {
      return candidate(config, disk, device, inspector.judge(device));
    } catch (StorageException unreadable) {
      Map<String, String> details = details(disk, device);
      details.put("problem", unreadable.what());
      return Optional.of(new Candidate(with(config, device), false, Optional.empty(), details));
    }
  }

  private static Optional<Candidate> candidate(
      DeviceConfig config, Disk disk, HostDevice device, Verdict verdict) {
    Map<String, String> details = details(disk, device);
    return switch (verdict) {
      case Verdict.Refused _ -> Optional.empty();
      case Verdict.Blank() ->
          Optional.of(new Candidate(with(config, device), true, Optional.empty(), details));
      case Verdict.HoldsSr(SrUuid sr) ->
          Optional.of(new Candidate(with(config, device), true, Optional.of(sr), details));
      case Verdict.HoldsForeign(var content) -> {
        details.put("contents", content.description());
        boolean forced = config.get(DiskConfig.FORCE).equals(Optional.of("true"));
        yield Optional.of(new Candidate(with(config, device), forced, Optional.empty(), details));
      }
    };
  }

  private static DeviceConfig with(DeviceConfig config, HostDevice device) {
    Map<String, String> values = new TreeMap<>(config.values());
    values.put(DiskConfig.DEVICE, device.device().toString());
    return new DeviceConfig(values);
  }

  private static Map<String, String> details(Disk disk, HostDevice device) {
    Map<String, String> details = new LinkedHashMap<>();
    details.put("path", device.device().toString());
    details.put("kind", device instanceof Disk ? "disk" : "partition of " + disk.device());
    details.put("bus", disk.bus().label());
    disk.identity().vendor().ifPresent(vendor -> details.put("vendor", vendor));
    disk.identity().model().ifPresent(model -> details.put("model", model));
    disk.identity().serial().ifPresent(serial -> details.put("serial", serial));
    disk.identity().wwn().ifPresent(wwn -> details.put("wwn", wwn));
    details.put("size", Long.toString(device.sizeBytes()));
    details.put("rotational", Boolean.toString(disk.rotational()));
    details.put("removable", Boolean.toString(disk.removable()));
    details.put("logical-block-size", Integer.toString(disk.blockSizes().logicalBytes()));
    details.put("physical-block-size", Integer.toString(disk.blockSizes().physicalBytes()));
    details.put("4kn", Boolean.toString(disk.blockSizes().is4Kn()));
    return details;
  }
}
