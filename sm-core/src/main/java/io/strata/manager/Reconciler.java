// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.CatalogWriter;
import io.strata.catalog.IntentRecord;
import io.strata.catalog.SrMap;
import io.strata.catalog.SrRecord;
import io.strata.catalog.VdiRecord;
import io.strata.spi.Repository;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.VhdTree;
import io.strata.spi.Volume;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Brings the catalog in line with the storage, which is the truth of existence, size and
/// parentage. Names come from the description that the SR carries, where that is newer.
final class Reconciler {
  private static final System.Logger LOG = System.getLogger(Reconciler.class.getName());

  private final Core core;
  private final SrMetadata metadata;

  Reconciler(Core core, SrMetadata metadata) {
    this.core = core;
    this.metadata = metadata;
  }

  /// The caller holds the SR alone.
  ScanReport reconcile(SrUuid sr, Repository repository) throws StorageException {
    List<Volume> volumes = repository.scan();
    Optional<SrDocument> newer = metadata.newer(sr, repository);
    Set<VdiUuid> unfinished = unfinished(sr);
    Pass pass = new Pass(sr, newer, unfinished);
    core.catalog().write(w -> pass.run(w, volumes));
    unhide(sr, repository, pass.marked);
    metadata.describe(sr);
    ScanReport report = pass.report();
    if (!report.missing().isEmpty()) {
      LOG.log(System.Logger.Level.WARNING, "SR {0}: missing: {1}", sr, report.missing());
    }
    return report;
  }

  /// A disk whose image says that it is a base would pass for one where the catalog is not asked.
  private static void unhide(SrUuid sr, Repository repository, List<VdiUuid> disks) {
    Optional<VhdTree> tree = repository.vhdTree();
    for (VdiUuid disk : tree.isPresent() ? disks : List.<VdiUuid>of()) {
      try {
        boolean cleared = tree.get().unhide(disk);
        LOG.log(
            System.Logger.Level.WARNING,
            "SR {0}: the image of VDI {1} had the hidden flag of a base{2}",
            sr,
            disk,
            cleared ? ", which is gone now" : "; a later scan takes it away");
      } catch (StorageException e) {
        LOG.log(System.Logger.Level.WARNING, "SR {0}: {1}", sr, e.getMessage());
      }
    }
  }

  /// Writes what waits to enter the description that the SR carries.
  void settleDescription(SrUuid sr) {
    metadata.settle(sr);
  }

  /// Volumes that an operation is making: no VDIs yet.
  private Set<VdiUuid> unfinished(SrUuid sr) throws StorageException {
    Set<VdiUuid> unfinished = new HashSet<>(core.claims().claimed());
    for (IntentRecord intent : core.catalog().read(r -> r.intents(sr))) {
      unfinished.addAll(Replay.making(intent));
    }
    return unfinished;
  }

  /// What the storage says of one node, into the catalog. A hidden node that the catalog does not
  /// know is added; one that is gone goes.
  static void observe(CatalogWriter writer, SrUuid sr, VdiUuid node, Optional<Volume> volume)
      throws StorageException {
    Optional<VdiRecord> known = writer.read().findVdi(node);
    if (volume.isEmpty()) {
      if (known.isPresent() && !known.get().managed()) {
        writer.deleteVdi(node);
      }
    } else if (known.isPresent()) {
      writer.observeVdi(seen(known.get(), volume.get()));
    } else if (volume.get().hidden()) {
      writer.insertVdi(nameless(sr, volume.get()));
    }
  }

  /// A VHD that can't be read says nothing of itself, and one whose parent can't be found not which
  /// node that was: what was known before stays. A damaged base must not pass for a disk of its own
  /// that nobody needs, nor a disk for a base because of a flag in its image.
  private static Volume seen(VdiRecord known, Volume volume) {
    // What could not be read so far passes for a disk without being known as one.
    boolean disk = known.holdsDisk() && known.virtualSizeBytes() > 0;
    if (volume.problem().isEmpty()) {
      return disk ? volume.withHidden(false) : volume;
    }
    boolean unreadable = volume.virtualSizeBytes() == 0;
    return new Volume(
        volume.uuid(),
        volume.kind(),
        unreadable ? known.virtualSizeBytes() : volume.virtualSizeBytes(),
        volume.physicalBytes(),
        (disk || unreadable) ? !known.managed() : volume.hidden(),
        volume.parent().or(known::parent),
        volume.version(),
        volume.problem());
  }

  static VdiRecord nameless(SrUuid sr, Volume volume) {
    return new VdiRecord(
        volume.uuid(),
        sr,
        "user",
        volume.hidden() ? "base copy" : "",
        "",
        volume.virtualSizeBytes(),
        volume.physicalBytes(),
        false,
        false,
        !volume.hidden(),
        false,
        Optional.empty(),
        Instant.EPOCH,
        volume.parent(),
        volume.uuid().toString(),
        volume.kind(),
        false,
        volume.problem(),
        Optional.empty(),
        "",
        List.of(),
        Map.of(),
        Map.of(),
        Map.of(),
        Map.of(),
        false);
  }

  /// One reconciliation, in one transaction.
  private static final class Pass {
    private final SrUuid sr;
    private final Optional<SrDocument> newer;
    private final Set<VdiUuid> unfinished;
    private final List<VdiUuid> added = new ArrayList<>();
    private final List<VdiUuid> missing = new ArrayList<>();
    private final List<VdiUuid> found = new ArrayList<>();
    private final List<VdiUuid> gone = new ArrayList<>();
    private final Set<VdiUuid> parents = new HashSet<>();
    private boolean allParentsKnown;

    /// Disks whose images say that they are bases.
    private final List<VdiUuid> marked = new ArrayList<>();

    private Pass(SrUuid sr, Optional<SrDocument> newer, Set<VdiUuid> unfinished) {
      this.sr = sr;
      this.newer = newer;
      this.unfinished = unfinished;
    }

    private void run(CatalogWriter writer, List<Volume> volumes) throws StorageException {
      Map<VdiUuid, VdiRecord> known = new HashMap<>();
      writer.read().vdis(sr).forEach(vdi -> known.put(vdi.uuid(), vdi));
      volumes.forEach(volume -> volume.parent().ifPresent(parents::add));
      allParentsKnown =
          volumes.stream()
              .filter(volume -> volume.problem().isPresent())
              .noneMatch(volume -> volume.virtualSizeBytes() == 0 || volume.parent().isEmpty());
      Set<VdiUuid> present = new HashSet<>();
      for (Volume volume : volumes) {
        present.add(volume.uuid());
        present(writer, Optional.ofNullable(known.get(volume.uuid())), volume);
      }
      for (VdiRecord vdi : known.values()) {
        if (!present.contains(vdi.uuid())) {
          absent(writer, vdi);
        }
      }
      if (newer.isPresent()) {
        takeNames(writer, newer.get());
        writer.setMetadataGeneration(sr, newer.get().generation());
      } else if (!added.isEmpty() || !gone.isEmpty() || !missing.isEmpty() || !found.isEmpty()) {
        writer.bumpMetadataGeneration(sr);
      }
    }

    private void present(CatalogWriter writer, Optional<VdiRecord> known, Volume volume)
        throws StorageException {
      if (known.isPresent()) {
        Volume seen = givenUp(known.get(), volume) ? volume : seen(known.get(), volume);
        mark(volume, seen);
        writer.observeVdi(seen);
        if (known.get().missing()) {
          found.add(volume.uuid());
        }
        return;
      }
      if (unfinished.contains(volume.uuid())) {
        return;
      }
      Optional<VdiRecord> elsewhere = writer.read().findVdi(volume.uuid());
      if (elsewhere.isPresent()) {
        LOG.log(
            System.Logger.Level.WARNING,
            "SR {0}: volume {1} is left out: SR {2} has a VDI of this UUID",
            sr,
            volume.uuid(),
            elsewhere.get().sr());
        return;
      }
      Volume seen = described(volume) ? volume.withHidden(false) : volume;
      mark(volume, seen);
      writer.insertVdi(nameless(sr, seen));
      if (!seen.hidden()) {
        added.add(seen.uuid());
      }
    }

    private void mark(Volume volume, Volume seen) {
      if (volume.hidden() && !seen.hidden() && volume.problem().isEmpty()) {
        marked.add(volume.uuid());
      }
    }

    /// Whether the SR says that this is a disk, and nothing on the storage shows otherwise: where
    /// it has children, a disk was destroyed that they need.
    private boolean described(Volume volume) {
      return volume.problem().isEmpty()
          && allParentsKnown
          && !parents.contains(volume.uuid())
          && newer.map(n -> n.vdis().get(volume.uuid())).filter(VdiRecord::holdsDisk).isPresent();
    }

    /// Whether another host destroyed the disk, of which the storage keeps what others need.
    private boolean givenUp(VdiRecord known, Volume volume) {
      return known.holdsDisk()
          && volume.problem().isEmpty()
          && newer.isPresent()
          && !newer.get().vdis().containsKey(volume.uuid());
    }

    private void absent(CatalogWriter writer, VdiRecord vdi) throws StorageException {
      if (!vdi.managed() || VdiRecords.neverRead(vdi)) {
        writer.deleteVdi(vdi.uuid());
        gone.add(vdi.uuid());
      } else if (vdi.metadataOnly()) {
        writer.setVdiDataGone(vdi.uuid());
      } else if (!vdi.missing()) {
        writer.setVdiMissing(vdi.uuid(), true);
        missing.add(vdi.uuid());
      }
    }

    private void takeNames(CatalogWriter writer, SrDocument document) throws StorageException {
      SrRecord described = document.sr();
      SrRecord known = writer.read().sr(sr);
      if (known.nameLabel().isEmpty()) {
        writer.setSrNameLabel(sr, described.nameLabel());
      }
      if (known.nameDescription().isEmpty()) {
        writer.setSrNameDescription(sr, described.nameDescription());
      }
      writer.setSrTags(sr, described.tags());
      writer.setSrMap(sr, SrMap.SM_CONFIG, described.smConfig());
      writer.setSrMap(sr, SrMap.OTHER_CONFIG, described.otherConfig());
      for (VdiRecord vdi : document.vdis().values()) {
        Optional<VdiRecord> here = writer.read().findVdi(vdi.uuid());
        if (here.isPresent() && here.get().sr().equals(sr)) {
          writer.describeVdi(vdi);
        } else if (here.isEmpty() && vdi.metadataOnly()) {
          writer.insertVdi(vdi);
        } else if (here.isEmpty() && !unfinished.contains(vdi.uuid())) {
          // Other nodes may be what it depends on; on which, only its image knows for sure.
          writer.insertVdi(vdi.lost());
          missing.add(vdi.uuid());
        }
      }
    }

    private ScanReport report() {
      return new ScanReport(added, missing, found, gone);
    }
  }
}
