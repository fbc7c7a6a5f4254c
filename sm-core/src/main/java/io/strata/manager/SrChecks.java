// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.VdiRecord;
import io.strata.spi.ErrorCode;
import io.strata.spi.Repository;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import io.strata.spi.VolumeChecks;
import io.strata.spi.VolumeFinding;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/// Checks every volume of an SR while disks run.
///
/// The SR is free for others meanwhile. What one of them changes under a check may look like
/// damage, so a bad finding counts only if it is there a second time, with the SR held.
final class SrChecks {
  private static final int MOST_FINDINGS = 10_000;

  private final Core core;

  SrChecks(Core core) {
    this.core = core;
  }

  /// @param data whether to read the data too
  /// @param progress hears of bytes that volumes take
  SrCheckReport check(SrUuid sr, boolean data, ProgressListener progress) throws StorageException {
    core.catalog().read(r -> r.sr(sr));
    Repository repository = core.plugged().require(sr);
    VolumeChecks checks =
        repository
            .checks()
            .orElseThrow(() ->
                new StorageException(
                    ErrorCode.UNIMPLEMENTED,
                    "What SR " + sr + " keeps can't be checked from here.",
                    "Use what the storage itself offers for that."));
    List<Volume> volumes = repository.scan();
    Pass pass = new Pass(sr, checks, data);
    long total = volumes.stream().mapToLong(Volume::physicalBytes).sum();
    long done = 0;
    for (Volume volume : volumes) {
      progress.progress(done, total);
      pass.check(volume.uuid());
      if (volume.hidden()) {
        pass.add(hidden(sr, repository, volume.uuid()));
      }
      done += volume.physicalBytes();
    }
    progress.progress(total, total);
    pass.add(missing(sr, repository, volumes));
    return pass.report();
  }

  /// A disk of the catalog whose image says that it is only a base of others.
  private List<VolumeFinding> hidden(SrUuid sr, Repository repository, VdiUuid vdi)
      throws StorageException {
    try (var _ = core.locks().sr(sr, "sr-check")) {
      Optional<VdiRecord> disk =
          core.catalog().read(r -> r.findVdi(vdi)).filter(VdiRecord::holdsDisk);
      boolean still = repository.volume(vdi).map(Volume::hidden).orElse(false);
      return disk.isPresent() && still ? List.of(hidden(disk.get())) : List.of();
    }
  }

  private static VolumeFinding hidden(VdiRecord vdi) {
    return new VolumeFinding(
        vdi.uuid(),
        "volume-hidden",
        VolumeFinding.Severity.ERROR,
        vdi.location(),
        0,
        OptionalInt.empty(),
        "VDI " + vdi.uuid() + " (" + vdi.nameLabel() + ") without the hidden flag",
        "the hidden flag",
        "VDI "
            + vdi.uuid()
            + " ("
            + vdi.nameLabel()
            + ") is marked as hidden on the storage, which only bases of others are; a scan takes the mark"
            + " away, once nothing that can't be read may depend on the disk",
        Optional.empty());
  }

  /// VDIs of the catalog that the storage does not have.
  private List<VolumeFinding> missing(SrUuid sr, Repository repository, List<Volume> volumes)
      throws StorageException {
    if (absent(sr, volumes).isEmpty()) {
      return List.of();
    }
    try (var _ = core.locks().sr(sr, "sr-check")) {
      return absent(sr, repository.scan()).stream().map(SrChecks::missing).toList();
    }
  }

  private List<VdiRecord> absent(SrUuid sr, List<Volume> volumes) throws StorageException {
    Set<VdiUuid> present = volumes.stream().map(Volume::uuid).collect(Collectors.toSet());
    return core.catalog().read(r -> r.vdis(sr)).stream()
        .filter(vdi -> vdi.holdsDisk() && !present.contains(vdi.uuid()))
        .toList();
  }

  private static VolumeFinding missing(VdiRecord vdi) {
    return new VolumeFinding(
        vdi.uuid(),
        "volume-missing",
        VolumeFinding.Severity.ERROR,
        vdi.location(),
        0,
        OptionalInt.empty(),
        "the volume of VDI " + vdi.uuid() + " (" + vdi.nameLabel() + ")",
        "nothing",
        "VDI " + vdi.uuid() + " (" + vdi.nameLabel() + ") has no volume on the storage",
        Optional.empty());
  }

  /// One check of an SR.
  private final class Pass {
    private final SrUuid sr;
    private final VolumeChecks checks;
    private final boolean data;
    private final List<VdiUuid> busy = new ArrayList<>();
    private final List<VolumeFinding> findings = new ArrayList<>();
    private int checked;
    private long more;

    private Pass(SrUuid sr, VolumeChecks checks, boolean data) {
      this.sr = sr;
      this.checks = checks;
      this.data = data;
    }

    private void check(VdiUuid volume) throws StorageException {
      Optional<List<VolumeFinding>> found = checks.check(volume, data);
      if (found.isPresent() && found.get().stream().anyMatch(VolumeFinding::bad)) {
        try (var _ = core.locks().sr(sr, "sr-check")) {
          found = checks.check(volume, data);
        }
      }
      if (found.isPresent()) {
        checked++;
        add(found.get());
      } else {
        busy.add(volume);
      }
    }

    private void add(List<VolumeFinding> others) {
      for (VolumeFinding finding : others) {
        if (findings.size() < MOST_FINDINGS) {
          findings.add(finding);
        } else {
          more++;
        }
      }
    }

    private SrCheckReport report() {
      return new SrCheckReport(sr, checked, busy, findings, more);
    }
  }
}
