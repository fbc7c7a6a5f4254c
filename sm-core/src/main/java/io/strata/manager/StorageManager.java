// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.block.GranuleBitmap;
import io.strata.catalog.AttachmentRecord;
import io.strata.catalog.Catalog;
import io.strata.catalog.CatalogDatabase;
import io.strata.catalog.HostRecord;
import io.strata.catalog.IntentRecord;
import io.strata.catalog.PbdRecord;
import io.strata.catalog.SrMap;
import io.strata.catalog.SrRecord;
import io.strata.catalog.VdiMap;
import io.strata.catalog.VdiRecord;
import io.strata.gc.GcAction;
import io.strata.spi.DeviceConfig;
import io.strata.spi.DriverDescription;
import io.strata.spi.ErrorCode;
import io.strata.spi.HostUuid;
import io.strata.spi.PbdUuid;
import io.strata.spi.ProbeResult;
import io.strata.spi.SpaceStat;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/// The one door to storage: a method per verb, named after it.
///
/// **Threads.** Safe for many; operations on different SRs run side by side, and no wait is longer
/// than [ManagerConfig#lockTimeout].
///
/// **Errors.** Only [StorageException]; after one, nothing was changed unless its message says what
/// was. A defect of Strata itself is [ErrorCode#GENERIC_EXCEPTION].
///
/// **Crashes.** An operation that the daemon's death interrupts is undone or ended by the next
/// [#open]; what was attached is served again at the same place under the same name.
public final class StorageManager implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(StorageManager.class.getName());

  private final HomeDirectory home;
  private final Core core;
  private final BlockBackend backend;
  private final ServedDisks disks;
  private final SrMetadata metadata;
  private final Attachments attachments;
  private final Collector collector;
  private final SrChecks checks;
  private final Recovery recovery;
  private final PbdOperations pbdOperations;
  private final SrOperations srOperations;
  private final VdiOperations vdiOperations;
  private final ChangeTracking tracking;
  private final SnapshotOperations snapshots;
  private final Transfers transfers;
  private final Copies copies;
  private final Parameters parameters;

  private final boolean collectsInBackground;

  private StorageManager(ManagerConfig config, HomeDirectory home, Core core, BlockBackend backend)
      throws StorageException {
    this.home = home;
    this.core = core;
    this.backend = backend;
    collectsInBackground = config.collectsInBackground();
    metadata = new SrMetadata(core);
    Intents intents = new Intents(core, metadata);
    VolumeResults results = new VolumeResults(core);
    Reconciler reconciler = new Reconciler(core, metadata);
    disks = new ServedDisks(backend, config);
    collector = new Collector(core, intents, results, reconciler, disks);
    checks = new SrChecks(core);
    recovery = new Recovery(core, intents, results, disks, collector);
    attachments = new Attachments(core, intents, disks, backend);
    tracking = new ChangeTracking(core, metadata, results, attachments);
    pbdOperations = new PbdOperations(core, intents, recovery, reconciler, attachments, tracking);
    srOperations = new SrOperations(core, intents, metadata, pbdOperations);
    vdiOperations =
        new VdiOperations(core, intents, metadata, results, attachments, disks, tracking);
    snapshots =
        new SnapshotOperations(core, intents, results, reconciler, attachments, disks, tracking);
    TransferDisks transferDisks = new TransferDisks(core, intents, attachments, tracking);
    transfers = new Transfers(core, intents, results, transferDisks, home.spool());
    copies = new Copies(core, intents, results, transferDisks, vdiOperations::destroyMoved);
    parameters = new Parameters(core, metadata, disks);
  }

  /// Takes the home folder, opens the catalog, starts the NBD server and recovers. An SR that can't
  /// be reached is recorded with its PBD's error and does not keep the daemon from starting.
  ///
  /// @throws StorageException [ErrorCode#LOCK_ERR] if another daemon has the home folder
  public static StorageManager open(ManagerConfig config) throws StorageException {
    Opened opened = new Opened();
    boolean done = false;
    try {
      HomeDirectory home = opened.add(HomeDirectory.take(config.home()));
      HostUuid host = home.hostUuid();
      Catalog catalog =
          opened.add(
              Catalog.open(
                  CatalogDatabase.sqlite(home.catalog()), new HostRecord(host, config.hostName())));
      Core core =
          new Core(
              catalog,
              host,
              new Drivers(config.drivers()),
              new PluggedSrs(),
              new Locks(config.lockTimeout()),
              new Claims(),
              config.clock(),
              config.failpoints().checked());
      opened.add(() -> closeRepositories(core));
      BlockBackend backend = opened.add(BlockBackend.open(home.nbdSocket()));
      StorageManager manager = new StorageManager(config, home, core, backend);
      opened.add(manager.disks);
      manager.recovery.settleSrs();
      List<SrUuid> familiar = manager.pbdOperations.reconnectAll();
      manager.copies.resumeLeft();
      familiar.forEach(manager::collectInBackground);
      done = true;
      return manager;
    } finally {
      if (!done) {
        opened.close();
      }
    }
  }

  // --- drivers and probing ---

  /// The drivers by SR type.
  public List<DriverDescription> drivers() {
    return core.drivers().describe();
  }

  /// Looks for storage with a device-config that may be incomplete. Changes nothing.
  public ProbeResult srProbe(String type, DeviceConfig config) throws StorageException {
    return checked(() -> core.drivers().require(type).probe(config));
  }

  // --- SRs ---

  /// Makes an SR with its PBD on this host, and plugs it.
  public SrUuid srCreate(SrCreate request) throws StorageException {
    return checked(() -> srOperations.create(request));
  }

  /// Takes an SR that exists on its storage into the catalog.
  public SrUuid srIntroduce(SrIntroduce request) throws StorageException {
    return checked(() -> srOperations.introduce(request));
  }

  /// Brings the catalog in line with the storage.
  public ScanReport srScan(SrUuid sr) throws StorageException {
    return checked(() -> srOperations.scan(sr));
  }

  /// Writes the SR's own description again.
  public void srUpdate(SrUuid sr) throws StorageException {
    run(() -> srOperations.update(sr));
  }

  /// Takes an SR without a plugged PBD out of the catalog; its storage stays as it is.
  public void srForget(SrUuid sr) throws StorageException {
    run(() -> srOperations.forget(sr));
  }

  /// Removes an SR without VDIs from its storage and the catalog. Its PBD on this host may be
  /// plugged.
  public void srDestroy(SrUuid sr) throws StorageException {
    run(() -> srOperations.destroy(sr));
  }

  /// How large and how full a plugged SR is now.
  public SpaceStat srStat(SrUuid sr) throws StorageException {
    return checked(() -> {
      core.catalog().read(r -> r.sr(sr));
      return core.plugged().require(sr).stat();
    });
  }

  /// What a collection of the SR would do now, and what it would leave and why.
  public List<GcAction> srGcPlan(SrUuid sr) throws StorageException {
    return checked(() -> collector.plan(sr));
  }

  /// Removes hidden nodes that nobody needs and merges chains, while guests run, until nothing is
  /// left to do.
  ///
  /// @return what was done
  public List<GcAction> srGc(SrUuid sr) throws StorageException {
    return checked(() -> collector.collect(sr));
  }

  /// Not where a plug found nodes that it had not known: somebody may want to look at them first.
  private void collectInBackground(SrUuid sr) {
    if (collectsInBackground) {
      collector.request(sr);
    }
  }

  /// Looks for damage in every volume of a plugged SR, while disks run; those that are written to
  /// are left out. Changes nothing.
  ///
  /// @param data whether to read the data too, and not the metadata alone
  public SrCheckReport srCheck(SrUuid sr, boolean data, ProgressListener progress)
      throws StorageException {
    return checked(() -> checks.check(sr, data, progress));
  }

  public void srSetNameLabel(SrUuid sr, String nameLabel) throws StorageException {
    run(() -> parameters.srNameLabel(sr, nameLabel));
  }

  public void srSetNameDescription(SrUuid sr, String nameDescription) throws StorageException {
    run(() -> parameters.srNameDescription(sr, nameDescription));
  }

  public void srSetTags(SrUuid sr, Set<String> tags) throws StorageException {
    run(() -> parameters.srTags(sr, tags));
  }

  public void srSetKey(SrUuid sr, SrMap map, String key, String value) throws StorageException {
    run(() -> parameters.srKey(sr, map, key, value));
  }

  public void srUnsetKey(SrUuid sr, SrMap map, String key) throws StorageException {
    run(() -> parameters.srWithoutKey(sr, map, key));
  }

  // --- PBDs ---

  public PbdUuid pbdCreate(PbdCreate request) throws StorageException {
    return checked(() -> pbdOperations.create(request));
  }

  /// Makes the SR reachable on this host; its disks and their names enter the catalog. What waits
  /// to be collected is, unless nodes were found that were not known: somebody may want to look
  /// first.
  public void pbdPlug(PbdUuid pbd) throws StorageException {
    SrUuid sr = pbd(pbd).sr();
    boolean familiar = checked(() -> pbdOperations.plug(pbd));
    copies.resumeLeft();
    if (familiar) {
      collectInBackground(sr);
    }
  }

  /// Makes the SR unreachable on this host. Refused while its VDIs are attached.
  public void pbdUnplug(PbdUuid pbd) throws StorageException {
    run(() -> pbdOperations.unplug(pbd));
  }

  public void pbdDestroy(PbdUuid pbd) throws StorageException {
    run(() -> pbdOperations.destroy(pbd));
  }

  // --- VDIs ---

  public VdiUuid vdiCreate(VdiCreate request) throws StorageException {
    return checked(() -> vdiOperations.create(request));
  }

  /// A writable copy that shares blocks, of a VDI that nobody writes to.
  public VdiUuid vdiClone(VdiClone request) throws StorageException {
    return checked(() -> vdiOperations.clone(request));
  }

  /// A read-only copy of this moment, also of a running disk.
  public VdiUuid vdiSnapshot(VdiSnapshot request) throws StorageException {
    return checked(() -> snapshots.snapshot(request));
  }

  /// Puts the VDI that a snapshot was taken of back to the snapshot's content.
  public void vdiRevert(VdiUuid snapshot) throws StorageException {
    SrUuid sr = vdi(snapshot).sr();
    run(() -> snapshots.revert(snapshot));
    collectInBackground(sr);
  }

  /// Grows a VDI, also while it is attached for writing; clients that are connected see the new
  /// size when they connect again.
  public void vdiResize(VdiUuid vdi, long sizeBytes) throws StorageException {
    run(() -> vdiOperations.resize(vdi, sizeBytes));
  }

  public void vdiDestroy(VdiUuid vdi) throws StorageException {
    SrUuid sr = vdi(vdi).sr();
    run(() -> vdiOperations.destroy(vdi));
    collectInBackground(sr);
  }

  /// From now on snapshots of this disk say what changed between them.
  public void vdiEnableCbt(VdiUuid vdi) throws StorageException {
    run(() -> tracking.enable(vdi));
  }

  /// Snapshots taken from now on don't say what changed any more.
  public void vdiDisableCbt(VdiUuid vdi) throws StorageException {
    run(() -> tracking.disable(vdi));
  }

  /// Destroys a snapshot's data and keeps its change information. Those of a disk's newest snapshot
  /// are freed when the next one has been taken.
  public void vdiDataDestroy(VdiUuid vdi) throws StorageException {
    SrUuid sr = vdi(vdi).sr();
    run(() -> tracking.destroyData(vdi));
    collectInBackground(sr);
  }

  /// Which granules of `to` may differ from `from`, an earlier snapshot of the same disk: a
  /// superset, from metadata alone.
  ///
  /// @throws StorageException [ErrorCode#CBT_CHANGED_BLOCKS_ERROR] where the two can't be compared,
  ///   [ErrorCode#CBT_METADATA_INCONSISTENT] where what changed is not known any more
  public GranuleBitmap vdiListChangedBlocks(VdiUuid from, VdiUuid to) throws StorageException {
    return checked(() -> tracking.changed(from, to));
  }

  /// Takes a VDI out of the catalog; its volume stays.
  public void vdiForget(VdiUuid vdi) throws StorageException {
    run(() -> vdiOperations.forget(vdi));
  }

  public VdiUuid vdiIntroduce(VdiIntroduce request) throws StorageException {
    return checked(() -> vdiOperations.introduce(request));
  }

  /// Takes over size, use and parentage from the storage.
  public void vdiUpdate(VdiUuid vdi) throws StorageException {
    run(() -> vdiOperations.update(vdi));
  }

  /// A full, sparse copy, within an SR or to another. What a failure or the daemon's death breaks
  /// off is kept: the same request again, or the next start, goes on where it was.
  public VdiUuid vdiCopy(VdiCopy request) throws StorageException {
    return checked(() -> copies.copy(request));
  }

  /// Moves a VDI that nobody uses to another SR. What breaks off goes on as a copy does.
  ///
  /// @return the VDI that takes its place
  public VdiUuid vdiMove(VdiUuid vdi, SrUuid sr, ProgressListener progress)
      throws StorageException {
    return checked(() -> copies.move(vdi, sr, progress));
  }

  /// Gives up a copy, running or interrupted, and removes what it made.
  ///
  /// @param task its intent: see [#intents]
  public void taskCancel(UUID task) throws StorageException {
    run(() -> copies.cancel(task));
  }

  /// Puts an image onto a new or an existing VDI. A failure removes the new VDI; an existing one
  /// keeps what was written, and is not read until the same image or a full one was put onto it.
  public VdiUuid vdiImport(VdiImport request) throws StorageException {
    return checked(() -> transfers.importImage(request));
  }

  /// Writes a VDI that nobody writes to as an image.
  public void vdiExport(VdiExport request) throws StorageException {
    run(() -> transfers.export(request));
  }

  public void vdiSetNameLabel(VdiUuid vdi, String nameLabel) throws StorageException {
    run(() -> parameters.vdiNameLabel(vdi, nameLabel));
  }

  public void vdiSetNameDescription(VdiUuid vdi, String nameDescription) throws StorageException {
    run(() -> parameters.vdiNameDescription(vdi, nameDescription));
  }

  public void vdiSetReadOnly(VdiUuid vdi, boolean readOnly) throws StorageException {
    run(() -> parameters.vdiReadOnly(vdi, readOnly));
  }

  public void vdiSetSharable(VdiUuid vdi, boolean sharable) throws StorageException {
    run(() -> parameters.vdiSharable(vdi, sharable));
  }

  public void vdiSetTags(VdiUuid vdi, Set<String> tags) throws StorageException {
    run(() -> parameters.vdiTags(vdi, tags));
  }

  public void vdiSetQosAlgorithmType(VdiUuid vdi, String algorithm) throws StorageException {
    run(() -> parameters.vdiQosAlgorithmType(vdi, algorithm));
  }

  public void vdiSetKey(VdiUuid vdi, VdiMap map, String key, String value) throws StorageException {
    run(() -> parameters.vdiKey(vdi, map, key, value));
  }

  public void vdiUnsetKey(VdiUuid vdi, VdiMap map, String key) throws StorageException {
    run(() -> parameters.vdiWithoutKey(vdi, map, key));
  }

  // --- attachments ---

  /// Serves a VDI as an NBD export. The same domain may repeat the call.
  ///
  /// @throws StorageException [ErrorCode#VDI_IN_USE] for a second writer, and for readers beside a
  ///   writer
  public Attachment vdiAttach(VdiAttach request) throws StorageException {
    return checked(() -> attachments.attach(request));
  }

  /// Says that I/O begins. The VDI is attached by this domain.
  public void vdiActivate(VdiUuid vdi, String domain) throws StorageException {
    run(() -> attachments.activate(vdi, domain));
  }

  /// Says that I/O has ended, and makes every write durable. Not attached: does nothing.
  public void vdiDeactivate(VdiUuid vdi, String domain) throws StorageException {
    run(() -> attachments.deactivate(vdi, domain));
  }

  /// Ends the domain's hold, activated or not; the last one's end disconnects clients, flushes and
  /// closes. Not attached: does nothing.
  public void vdiDetach(VdiUuid vdi, String domain) throws StorageException {
    run(() -> attachments.detach(vdi, domain));
  }

  // --- what there is ---

  /// This host.
  public HostRecord host() throws StorageException {
    HostUuid uuid = core.host();
    return hosts().stream()
        .filter(host -> host.uuid().equals(uuid))
        .findFirst()
        .orElseThrow(() -> new AssertionError("opening the catalog records this host"));
  }

  public List<HostRecord> hosts() throws StorageException {
    return checked(() -> core.catalog().read(r -> r.hosts()));
  }

  public void hostSetNameLabel(HostUuid host, String nameLabel) throws StorageException {
    run(() -> {
      Names.check("name-label", nameLabel);
      core.catalog().write(w -> w.setHostNameLabel(host, nameLabel));
    });
  }

  public List<SrRecord> srs() throws StorageException {
    return checked(() -> core.catalog().read(r -> r.srs()));
  }

  public SrRecord sr(SrUuid sr) throws StorageException {
    return checked(() -> core.catalog().read(r -> r.sr(sr)));
  }

  public List<PbdRecord> pbds() throws StorageException {
    return checked(() -> core.catalog().read(r -> r.pbds()));
  }

  public PbdRecord pbd(PbdUuid pbd) throws StorageException {
    return checked(() -> core.catalog().read(r -> r.pbd(pbd)));
  }

  /// Every VDI of every SR, hidden base copies (not managed) included.
  public List<VdiRecord> vdis() throws StorageException {
    return checked(() -> core.catalog().read(r -> r.vdis()));
  }

  /// The VDIs of an SR, hidden base copies (not managed) included.
  public List<VdiRecord> vdis(SrUuid sr) throws StorageException {
    return checked(() ->
        core.catalog()
            .read(r -> {
              r.sr(sr);
              return r.vdis(sr);
            }));
  }

  /// @throws StorageException [ErrorCode#VDI_MISSING] where there is none
  public VdiRecord vdi(VdiUuid vdi) throws StorageException {
    return checked(() -> core.catalog().read(r -> r.vdi(vdi)));
  }

  public List<AttachmentRecord> attachments() throws StorageException {
    return checked(() -> core.catalog().read(r -> r.attachments()));
  }

  /// What the clients of each served disk did.
  public List<DiskStatistics> statistics() {
    return disks.statistics();
  }

  /// Operations that have begun and not ended.
  public List<IntentRecord> intents() throws StorageException {
    return checked(() -> core.catalog().read(r -> r.intents()));
  }

  /// The nodes of an SR, as the last look at the storage found them.
  public SrTree tree(SrUuid sr) throws StorageException {
    return checked(() -> core.catalog().read(r -> Trees.of(r, sr)));
  }

  // --- the end ---

  /// Disconnects clients, flushes and closes every disk, and gives the home folder up. What is
  /// attached and plugged stays so in the catalog, for the next [#open].
  @Override
  public void close() {
    copies.stop();
    collector.stop();
    backend.close();
    disks.close();
    core.plugged().all().forEach(metadata::settle);
    closeRepositories(core);
    core.catalog().close();
    home.close();
  }

  private static void closeRepositories(Core core) {
    for (SrUuid sr : core.plugged().all()) {
      core.plugged()
          .remove(sr)
          .ifPresent(plugged -> {
            try {
              plugged.repository().close();
            } catch (StorageException e) {
              LOG.log(System.Logger.Level.WARNING, "SR {0}: {1}", sr, e.getMessage());
            }
          });
    }
  }

  /// A verb's work.
  @FunctionalInterface
  private interface Verb<T> {
    T run() throws StorageException;
  }

  /// A verb's work without a result.
  @FunctionalInterface
  private interface Action {
    void run() throws StorageException;
  }

  private static void run(Action action) throws StorageException {
    checked(() -> {
      action.run();
      return Boolean.TRUE;
    });
  }

  /// Only a defect answers with the generic number.
  private static <T> T checked(Verb<T> verb) throws StorageException {
    try {
      return verb.run();
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "a defect", e);
      throw new StorageException(
          ErrorCode.GENERIC_EXCEPTION,
          "Strata has a defect: " + e + ".",
          "Send the log to its makers.",
          e);
    }
  }
}
