// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.block.GranuleBitmap;
import io.strata.catalog.VdiRecord;
import io.strata.spi.ChangedBlocks;
import io.strata.spi.ChangedBlocks.ChangeLog;
import io.strata.spi.ErrorCode;
import io.strata.spi.Repository;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// Changed block tracking: what changed between the snapshots of a disk, also of those whose data
/// were destroyed.
///
/// While two of them have their data, their metadata tell. Before a snapshot's data go, a log of
/// what changed from it to the next snapshot is kept, and one from the snapshot before it; a
/// question is answered along them. The line of a disk is its snapshots by time, then the disk.
///
/// The data of the newest snapshot stay until the next one is taken: until then its place in the
/// tree is the record of what the disk has written since. The record says `cbt_metadata` at once,
/// and [#settle] frees the data when it can. All of it can be told from the catalog and the
/// storage, so a crash needs no intent: each plug and each scan settles what waits.
final class ChangeTracking {
  private static final System.Logger LOG = System.getLogger(ChangeTracking.class.getName());

  private final Core core;
  private final SrMetadata metadata;
  private final VolumeResults results;
  private final Attachments attachments;

  ChangeTracking(Core core, SrMetadata metadata, VolumeResults results, Attachments attachments) {
    this.core = core;
    this.metadata = metadata;
    this.results = results;
    this.attachments = attachments;
  }

  void enable(VdiUuid uuid) throws StorageException {
    SrUuid sr = core.catalog().read(r -> r.vdi(uuid)).sr();
    try (var _ = core.locks().sr(sr, "vdi-enable-cbt")) {
      VdiRecord vdi = requireDisk(uuid);
      facet(core.plugged().require(sr));
      if (vdi.kind() == Volume.Kind.RAW) {
        throw new StorageException(
            ErrorCode.CBT_ACTIVATE_FAILED,
            "VDI " + uuid + " is kept as plain bytes, which do not say what changed.",
            "Copy it to a VDI of format vhd.");
      }
      record(sr, uuid, true);
    }
  }

  /// Snapshots that there are stay as they are; those whose data wait for the next one lose them.
  void disable(VdiUuid uuid) throws StorageException {
    SrUuid sr = core.catalog().read(r -> r.vdi(uuid)).sr();
    try (var _ = core.locks().sr(sr, "vdi-disable-cbt")) {
      requireDisk(uuid);
      record(sr, uuid, false);
      Repository repository = core.plugged().require(sr);
      if (repository.changedBlocks().isPresent()) {
        settle(repository, uuid, core.catalog().read(r -> r.vdis()));
      }
    }
  }

  private VdiRecord requireDisk(VdiUuid uuid) throws StorageException {
    VdiRecord vdi = VdiRecords.managed(core.catalog().read(r -> r.vdi(uuid)));
    if (vdi.isASnapshot()) {
      throw new StorageException(
          ErrorCode.CBT_ACTIVATE_FAILED,
          "VDI " + uuid + " is a snapshot; it tracks changes if its disk did when it was taken.",
          "Give the disk.");
    }
    return vdi;
  }

  private void record(SrUuid sr, VdiUuid uuid, boolean enabled) throws StorageException {
    core.catalog()
        .write(w -> {
          w.setVdiCbtEnabled(uuid, enabled);
          w.bumpMetadataGeneration(sr);
        });
    metadata.describe(sr);
  }

  private static ChangedBlocks facet(Repository repository) throws StorageException {
    return repository
        .changedBlocks()
        .orElseThrow(() ->
            new StorageException(
                ErrorCode.UNIMPLEMENTED,
                "This SR's storage can't tell what changed in a disk.",
                "Use an SR that keeps VHD files."));
  }

  /// Which granules changed from a VDI to a later one of the same disk.
  GranuleBitmap changed(VdiUuid fromUuid, VdiUuid toUuid) throws StorageException {
    SrUuid sr = core.catalog().read(r -> r.vdi(fromUuid)).sr();
    try (var _ = core.locks().srShared(sr, "vdi-list-changed-blocks")) {
      VdiRecord from = VdiRecords.managed(core.catalog().read(r -> r.vdi(fromUuid)));
      VdiRecord to = VdiRecords.managed(core.catalog().read(r -> r.vdi(toUuid)));
      assertComparable(from, to);
      Repository repository = core.plugged().require(sr);
      return along(repository, facet(repository), fromUuid, toUuid);
    }
  }

  private static void assertComparable(VdiRecord from, VdiRecord to) throws StorageException {
    if (from.uuid().equals(to.uuid())) {
      throw refused("VDI " + from.uuid() + " is given twice.", "Give two snapshots of a disk.");
    }
    if (!disk(from).equals(disk(to)) || !from.sr().equals(to.sr())) {
      throw refused(
          "VDI " + from.uuid() + " and VDI " + to.uuid() + " are not of the same disk.",
          "Give two snapshots of one disk, or a snapshot and its disk.");
    }
    for (VdiRecord vdi : List.of(from, to)) {
      if (!vdi.cbtEnabled()) {
        throw refused(
            "VDI " + vdi.uuid() + " does not track changed blocks.",
            "Run vdi-enable-cbt on the disk before its snapshots are taken.");
      }
    }
    boolean backwards =
        !from.isASnapshot() || (to.isASnapshot() && from.snapshotTime().isAfter(to.snapshotTime()));
    if (backwards) {
      throw refused(
          "VDI " + from.uuid() + " is later than VDI " + to.uuid() + ".",
          "Give the earlier one as vdi-from-uuid.");
    }
  }

  private static StorageException refused(String what, String remedy) {
    return new StorageException(ErrorCode.CBT_CHANGED_BLOCKS_ERROR, what, remedy);
  }

  private static VdiUuid disk(VdiRecord vdi) {
    return vdi.snapshotOf().orElse(vdi.uuid());
  }

  /// Goes along the logs to the first VDI that has its data, and from there straight to the end. A
  /// VDI that is not of the line may be anything that took the name of one that was.
  private GranuleBitmap along(Repository repository, ChangedBlocks facet, VdiUuid from, VdiUuid to)
      throws StorageException {
    boolean endHasData = holdsData(repository, to);
    List<GranuleBitmap> parts = new ArrayList<>();
    VdiUuid at = from;
    Set<VdiUuid> line = line(to).stream().map(VdiRecord::uuid).collect(Collectors.toSet());
    while (!at.equals(to) && line.contains(at) && parts.size() <= line.size()) {
      if (endHasData && holdsData(repository, at)) {
        parts.add(facet.changed(at, to));
        return union(parts);
      }
      Optional<ChangeLog> log = facet.log(at);
      if (log.isEmpty()) {
        throw missing(at, to);
      }
      parts.add(log.get().changed());
      at = log.get().next();
    }
    if (!at.equals(to)) {
      throw missing(from, to);
    }
    return union(parts);
  }

  /// Whether the volume of a VDI holds what the VDI does. A base of its name may hold anything:
  /// what is merged into a base changes its content and leaves it the name.
  private static boolean holdsData(Repository repository, VdiUuid vdi) throws StorageException {
    return repository.volume(vdi).filter(volume -> !volume.hidden()).isPresent();
  }

  private static StorageException missing(VdiUuid from, VdiUuid to) {
    return new StorageException(
        ErrorCode.CBT_METADATA_INCONSISTENT,
        "What changed from VDI "
            + from
            + " to VDI "
            + to
            + " is not known: the data are gone, and no log of the changes was kept.",
        "Take a full backup of " + to + ".");
  }

  private static GranuleBitmap union(List<GranuleBitmap> parts) {
    GranuleBitmap all = new GranuleBitmap(parts.getLast().sizeBytes());
    parts.forEach(all::add);
    return all;
  }

  /// The snapshots of a VDI's disk by time, then the disk, if it is still there.
  private List<VdiRecord> line(VdiUuid vdi) throws StorageException {
    VdiUuid disk = disk(core.catalog().read(r -> r.vdi(vdi)));
    return lineOf(disk);
  }

  private List<VdiRecord> lineOf(VdiUuid disk) throws StorageException {
    return lineOf(disk, core.catalog().read(r -> r.vdis()));
  }

  private static List<VdiRecord> lineOf(VdiUuid disk, List<VdiRecord> vdis) {
    List<VdiRecord> line = new ArrayList<>();
    for (VdiRecord candidate : vdis) {
      if (candidate.managed()
          && (candidate.uuid().equals(disk) || candidate.snapshotOf().equals(Optional.of(disk)))) {
        line.add(candidate);
      }
    }
    line.sort(
        Comparator.comparing((VdiRecord v) -> !v.isASnapshot())
            .thenComparing(VdiRecord::snapshotTime)
            .thenComparing(VdiRecord::uuid));
    return line;
  }

  /// Gives up a snapshot's data and keeps its change information. Done already: tries again to free
  /// the data.
  void destroyData(VdiUuid uuid) throws StorageException {
    VdiRecord known = core.catalog().read(r -> r.vdi(uuid));
    SrUuid sr = known.sr();
    try (var _ = core.locks().sr(sr, "vdi-data-destroy")) {
      VdiRecord vdi = VdiRecords.managed(core.catalog().read(r -> r.vdi(uuid)));
      Repository repository = core.plugged().require(sr);
      facet(repository);
      if (!vdi.isASnapshot()) {
        throw new StorageException(
            ErrorCode.VDI_TYPE,
            "VDI " + uuid + " is no snapshot: without its data nothing of it would be left.",
            "Give a snapshot, or run vdi-destroy.");
      }
      if (!vdi.cbtEnabled()) {
        throw refused(
            "VDI " + uuid + " does not track changed blocks, so there is nothing to keep.",
            "Run vdi-destroy.");
      }
      core.catalog()
          .read(r -> {
            attachments.assertFree(r, uuid);
            return true;
          });
      if (!vdi.metadataOnly()) {
        core.catalog()
            .write(w -> {
              w.setVdiMetadataOnly(uuid);
              w.bumpMetadataGeneration(sr);
            });
        metadata.describe(sr);
      }
      core.failpoints().hit("vdi-data-destroy.recorded");
      settle(repository, disk(vdi), core.catalog().read(r -> r.vdis()));
    }
  }

  /// As [#settle], where what was asked for is done whether it succeeds or not: the next time tries
  /// again.
  void settleLater(Repository repository, VdiUuid disk) {
    attempt(
        disk,
        () -> {
          if (core.catalog().read(r -> r.hasSnapshots(disk, VdiRecord.CBT_METADATA))) {
            settle(repository, disk, core.catalog().read(r -> r.vdis()));
          }
        });
  }

  private static void attempt(VdiUuid disk, Intents.Ending settling) {
    try {
      settling.run();
    } catch (StorageException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "VDI {0}: data of its snapshots that are to go are kept for now: {1}",
          disk,
          e.getMessage());
    } catch (RuntimeException bug) {
      // What nobody waits for must not keep an SR from being plugged.
      LOG.log(
          System.Logger.Level.ERROR,
          "VDI " + disk + ": data of its snapshots that are to go are kept for now",
          bug);
    }
  }

  /// Frees what waits to be freed in an SR, and is not needed any more. The caller holds the SR
  /// alone.
  void settleAll(SrUuid sr, Repository repository) throws StorageException {
    List<VdiRecord> vdis = core.catalog().read(r -> r.vdis());
    Set<VdiUuid> disks =
        vdis.stream()
            .filter(vdi -> vdi.sr().equals(sr) && vdi.metadataOnly())
            .map(ChangeTracking::disk)
            .collect(Collectors.toCollection(TreeSet::new));
    for (VdiUuid disk : disks) {
      attempt(disk, () -> settle(repository, disk, vdis));
    }
  }

  /// Frees the data of a disk's snapshots that are to go and are not needed any more. The caller
  /// holds the SR alone.
  ///
  /// @param vdis all that the catalog knows
  private void settle(Repository repository, VdiUuid disk, List<VdiRecord> vdis)
      throws StorageException {
    if (repository.changedBlocks().isEmpty()) {
      return;
    }
    List<VdiRecord> line = lineOf(disk, vdis);
    for (int i = 0; i < line.size(); i++) {
      VdiRecord vdi = line.get(i);
      Optional<VdiRecord> next =
          i + 1 < line.size() ? Optional.of(line.get(i + 1)) : Optional.empty();
      boolean newest = next.isPresent() && !next.get().isASnapshot();
      if (!vdi.metadataOnly()
          || (newest && next.get().cbtEnabled())
          || needed(vdi, vdis)
          || repository.volume(vdi.uuid()).isEmpty()) {
        continue;
      }
      if (i > 0) {
        keepLog(repository, line.get(i - 1), vdi);
      }
      if (next.isPresent() && !newest) {
        keepLog(repository, vdi, next.get());
      }
      core.failpoints().hit("vdi-data-destroy.kept");
      repository.delete(vdi.uuid());
      core.failpoints().hit("vdi-data-destroy.deleted");
      core.catalog().write(results.dataRemoved(repository, vdi.sr(), vdi.uuid()));
      LOG.log(System.Logger.Level.INFO, "VDI {0}: its data were destroyed", vdi.uuid());
    }
  }

  /// Whether others read through it: then its data can't go, and stay for them.
  private static boolean needed(VdiRecord vdi, List<VdiRecord> vdis) {
    return vdis.stream().anyMatch(other -> other.parent().equals(Optional.of(vdi.uuid())));
  }

  private void keepLog(Repository repository, VdiRecord from, VdiRecord to)
      throws StorageException {
    if (!from.cbtEnabled() || !to.cbtEnabled()) {
      return;
    }
    ChangedBlocks facet = facet(repository);
    if (!leadsTo(facet, from.uuid(), to.uuid())
        && holdsData(repository, from.uuid())
        && holdsData(repository, to.uuid())) {
      facet.keepLog(from.uuid(), new ChangeLog(to.uuid(), facet.changed(from.uuid(), to.uuid())));
    }
  }

  private static boolean leadsTo(ChangedBlocks facet, VdiUuid from, VdiUuid to)
      throws StorageException {
    return logTo(facet, from, to).isPresent();
  }

  private static Optional<ChangeLog> logTo(ChangedBlocks facet, VdiUuid from, VdiUuid to)
      throws StorageException {
    return facet.log(from).filter(log -> log.next().equals(to));
  }

  /// As [#leadsTo], also of a log that can't be read: it answers nothing, but might again.
  private static boolean mayLeadTo(ChangedBlocks facet, VdiUuid from, VdiUuid to)
      throws StorageException {
    try {
      return leadsTo(facet, from, to);
    } catch (StorageException e) {
      if (e.code() == ErrorCode.CBT_METADATA_INCONSISTENT) {
        return true;
      }
      throw e;
    }
  }

  /// Before a snapshot goes altogether: a log that leads to it leads on to the next one. Where that
  /// can't be told any more the log goes, and a later question is refused: a volume of that name
  /// may hold something else soon.
  void bridge(Repository repository, VdiRecord vdi) throws StorageException {
    if (!vdi.isASnapshot() || repository.changedBlocks().isEmpty() || !mayHaveLogs(vdi)) {
      return;
    }
    ChangedBlocks facet = facet(repository);
    List<VdiRecord> line = line(vdi.uuid());
    int at = line.stream().map(VdiRecord::uuid).toList().indexOf(vdi.uuid());
    if (at < 1 || !mayLeadTo(facet, line.get(at - 1).uuid(), vdi.uuid())) {
      return;
    }
    VdiUuid before = line.get(at - 1).uuid();
    if (!leadsOn(repository, before, vdi, line.subList(at + 1, line.size()))) {
      LOG.log(
          System.Logger.Level.INFO,
          "VDI {0}: what changed since it will not be known: VDI {1} goes",
          before,
          vdi.uuid());
      facet.dropLog(before);
    }
  }

  /// Whether change logs of a snapshot's disk may matter, as far as can be told without going
  /// through its snapshots, which may be very many.
  private boolean mayHaveLogs(VdiRecord snapshot) throws StorageException {
    return snapshot.cbtEnabled()
        || core.catalog().read(r -> r.hasSnapshots(disk(snapshot), VdiRecord.CBT_METADATA));
  }

  /// @return whether what leads to a VDI leads past it now
  private boolean leadsOn(
      Repository repository, VdiUuid before, VdiRecord vdi, List<VdiRecord> after) {
    Optional<VdiRecord> next = after.stream().findFirst().filter(VdiRecord::isASnapshot);
    if (next.isEmpty()) {
      return false;
    }
    try {
      ChangedBlocks facet = facet(repository);
      keepLog(repository, vdi, next.get());
      Optional<ChangeLog> into = logTo(facet, before, vdi.uuid());
      Optional<ChangeLog> outOf = logTo(facet, vdi.uuid(), next.get().uuid());
      if (into.isEmpty() || outOf.isEmpty()) {
        return false;
      }
      GranuleBitmap both = union(List.of(into.get().changed(), outOf.get().changed()));
      facet.keepLog(before, new ChangeLog(next.get().uuid(), both));
      return true;
    } catch (StorageException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "VDI {0}: what changed around it can''t be kept: {1}",
          vdi.uuid(),
          e.getMessage());
      return false;
    }
  }

  /// Before a snapshot gets a UUID that its caller chose: no log speaks of another one that had it.
  void dropLogsTo(Repository repository, VdiUuid disk, VdiUuid uuid) throws StorageException {
    if (repository.changedBlocks().isEmpty()
        || !core.catalog().read(r -> r.hasSnapshots(disk, VdiRecord.CBT_METADATA))) {
      return;
    }
    ChangedBlocks facet = facet(repository);
    for (VdiRecord earlier : lineOf(disk)) {
      if (earlier.metadataOnly() && mayLeadTo(facet, earlier.uuid(), uuid)) {
        facet.dropLog(earlier.uuid());
      }
    }
  }

  /// After a VDI went altogether.
  void forget(Repository repository, VdiRecord vdi) {
    Optional<ChangedBlocks> facet = repository.changedBlocks();
    if (facet.isEmpty()) {
      return;
    }
    try {
      facet.get().dropLog(vdi.uuid());
    } catch (StorageException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "VDI {0}: its change log stays behind: {1}",
          vdi.uuid(),
          e.getMessage());
    }
    settleLater(repository, disk(vdi));
  }
}
