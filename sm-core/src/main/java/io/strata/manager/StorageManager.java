// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.AttachmentRecord;
import io.strata.catalog.HostRecord;
import io.strata.catalog.IntentRecord;
import io.strata.catalog.PbdRecord;
import io.strata.catalog.SrMap;
import io.strata.catalog.SrRecord;
import io.strata.catalog.VdiMap;
import io.strata.catalog.VdiRecord;
import io.strata.spi.DeviceConfig;
import io.strata.spi.DriverDescription;
import io.strata.spi.ErrorCode;
import io.strata.spi.PbdUuid;
import io.strata.spi.ProbeResult;
import io.strata.spi.SpaceStat;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.util.List;
import java.util.Set;

/// The one door to storage: a method per verb, named after it.
@SuppressWarnings("DoNotCallSuggester")
public final class StorageManager implements AutoCloseable {

  private StorageManager() {}

  /// Opens the catalog, starts the NBD server and recovers.
  public static StorageManager open(ManagerConfig config) throws StorageException {
    throw notYet();
  }

  private static StorageException notYet() {
    return new StorageException(ErrorCode.UNIMPLEMENTED, "This is not built yet.", "Wait for it.");
  }

  /// The drivers by SR type.
  public List<DriverDescription> drivers() {
    return List.of();
  }

  public SrUuid srCreate(SrCreate request) throws StorageException {
    throw notYet();
  }

  public ProbeResult srProbe(String type, DeviceConfig config) throws StorageException {
    throw notYet();
  }

  public SrUuid srIntroduce(SrIntroduce request) throws StorageException {
    throw notYet();
  }

  public ScanReport srScan(SrUuid sr) throws StorageException {
    throw notYet();
  }

  public void srUpdate(SrUuid sr) throws StorageException {
    throw notYet();
  }

  public void srForget(SrUuid sr) throws StorageException {
    throw notYet();
  }

  public void srDestroy(SrUuid sr) throws StorageException {
    throw notYet();
  }

  public PbdUuid pbdCreate(PbdCreate request) throws StorageException {
    throw notYet();
  }

  public void pbdPlug(PbdUuid pbd) throws StorageException {
    throw notYet();
  }

  public void pbdUnplug(PbdUuid pbd) throws StorageException {
    throw notYet();
  }

  public void pbdDestroy(PbdUuid pbd) throws StorageException {
    throw notYet();
  }

  public VdiUuid vdiCreate(VdiCreate request) throws StorageException {
    throw notYet();
  }

  public VdiUuid vdiClone(VdiClone request) throws StorageException {
    throw notYet();
  }

  public VdiUuid vdiSnapshot(VdiSnapshot request) throws StorageException {
    throw notYet();
  }

  public void vdiRevert(VdiUuid snapshot) throws StorageException {
    throw notYet();
  }

  public void vdiResize(VdiUuid vdi, long sizeBytes) throws StorageException {
    throw notYet();
  }

  public void vdiDestroy(VdiUuid vdi) throws StorageException {
    throw notYet();
  }

  public void vdiForget(VdiUuid vdi) throws StorageException {
    throw notYet();
  }

  public VdiUuid vdiIntroduce(VdiIntroduce request) throws StorageException {
    throw notYet();
  }

  public void vdiUpdate(VdiUuid vdi) throws StorageException {
    throw notYet();
  }

  public VdiUuid vdiCopy(VdiCopy request) throws StorageException {
    throw notYet();
  }

  public VdiUuid vdiImport(VdiImport request) throws StorageException {
    throw notYet();
  }

  public void vdiExport(VdiExport request) throws StorageException {
    throw notYet();
  }

  public Attachment vdiAttach(VdiAttach request) throws StorageException {
    throw notYet();
  }

  public void vdiActivate(VdiUuid vdi, String domain) throws StorageException {
    throw notYet();
  }

  public void vdiDeactivate(VdiUuid vdi, String domain) throws StorageException {
    throw notYet();
  }

  public void vdiDetach(VdiUuid vdi, String domain) throws StorageException {
    throw notYet();
  }

  public void vdiSetNameLabel(VdiUuid vdi, String nameLabel) throws StorageException {
    throw notYet();
  }

  public void vdiSetNameDescription(VdiUuid vdi, String nameDescription) throws StorageException {
    throw notYet();
  }

  public void vdiSetReadOnly(VdiUuid vdi, boolean readOnly) throws StorageException {
    throw notYet();
  }

  public void vdiSetSharable(VdiUuid vdi, boolean sharable) throws StorageException {
    throw notYet();
  }

  public void vdiSetTags(VdiUuid vdi, Set<String> tags) throws StorageException {
    throw notYet();
  }

  public void vdiSetQosAlgorithmType(VdiUuid vdi, String algorithm) throws StorageException {
    throw notYet();
  }

  public void vdiSetKey(VdiUuid vdi, VdiMap map, String key, String value) throws StorageException {
    throw notYet();
  }

  public void vdiUnsetKey(VdiUuid vdi, VdiMap map, String key) throws StorageException {
    throw notYet();
  }

  public void srSetNameLabel(SrUuid sr, String nameLabel) throws StorageException {
    throw notYet();
  }

  public void srSetNameDescription(SrUuid sr, String nameDescription) throws StorageException {
    throw notYet();
  }

  public void srSetTags(SrUuid sr, Set<String> tags) throws StorageException {
    throw notYet();
  }

  public void srSetKey(SrUuid sr, SrMap map, String key, String value) throws StorageException {
    throw notYet();
  }

  public void srUnsetKey(SrUuid sr, SrMap map, String key) throws StorageException {
    throw notYet();
  }

  public HostRecord host() throws StorageException {
    throw notYet();
  }

  public List<HostRecord> hosts() throws StorageException {
    throw notYet();
  }

  public List<SrRecord> srs() throws StorageException {
    throw notYet();
  }

  public SrRecord sr(SrUuid sr) throws StorageException {
    throw notYet();
  }

  public List<PbdRecord> pbds() throws StorageException {
    throw notYet();
  }

  public PbdRecord pbd(PbdUuid pbd) throws StorageException {
    throw notYet();
  }

  public List<VdiRecord> vdis() throws StorageException {
    throw notYet();
  }

  public List<VdiRecord> vdis(SrUuid sr) throws StorageException {
    throw notYet();
  }

  public VdiRecord vdi(VdiUuid vdi) throws StorageException {
    throw notYet();
  }

  public List<AttachmentRecord> attachments() throws StorageException {
    throw notYet();
  }

  public List<IntentRecord> intents() throws StorageException {
    throw notYet();
  }

  public SrTree tree(SrUuid sr) throws StorageException {
    throw notYet();
  }

  public SpaceStat srStat(SrUuid sr) throws StorageException {
    throw notYet();
  }

  @Override
  public void close() {}
}
