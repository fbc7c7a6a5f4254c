// SPDX-License-Identifier: Apache-2.0
package io.strata.catalog;

import io.strata.spi.AccessMode;
import io.strata.spi.ErrorCode;
import io.strata.spi.HostUuid;
import io.strata.spi.PbdUuid;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;

/// Changes, in one transaction under the host's lease. Not kept beyond it.
public final class CatalogWriter {
  private final Sql sql;
  private final HostUuid host;
  private final long token;
  private final CatalogReader reader;

  CatalogWriter(Sql sql, HostUuid host, long token) {
    this.sql = sql;
    this.host = host;
    this.token = token;
    this.reader = new CatalogReader(sql);
  }

  /// Queries that see this transaction's changes.
  public CatalogReader read() {
    return reader;
  }

  public void setHostNameLabel(HostUuid uuid, String nameLabel) throws StorageException {
    sql.update("UPDATE host SET name_label = ? WHERE uuid = ?", nameLabel, uuid);
  }

  /// @throws StorageException [ErrorCode#SR_EXISTS]
  public void insertSr(SrRecord sr) throws StorageException {
    sql.insert(
        () ->
            new StorageException(
                ErrorCode.SR_EXISTS, "There is an SR " + sr.uuid() + ".", "See sr-list."),
        """
        INSERT INTO sr(uuid, type, name_label, name_description, shared, content_type,
          physical_size, physical_utilisation, problem, metadata_generation)
        VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, 0)\
        """,
        sr.uuid(),
        sr.type(),
        sr.nameLabel(),
        sr.nameDescription(),
        sr.shared(),
        sr.contentType(),
        sr.physicalSizeBytes(),
        sr.physicalUtilisationBytes(),
        sr.problem());
    setSrTags(sr.uuid(), sr.tags());
    setSrMap(sr.uuid(), SrMap.SM_CONFIG, sr.smConfig());
    setSrMap(sr.uuid(), SrMap.OTHER_CONFIG, sr.otherConfig());
  }

  /// Removes the SR with its PBDs, VDIs and intents from the catalog.
  public void deleteSr(SrUuid sr) throws StorageException {
    sql.update("DELETE FROM intent WHERE sr = ?", sr);
    sql.update("DELETE FROM sr WHERE uuid = ?", sr);
  }

  public void setSrNameLabel(SrUuid sr, String nameLabel) throws StorageException {
    sql.update("UPDATE sr SET name_label = ? WHERE uuid = ?", nameLabel, sr);
  }

  public void setSrNameDescription(SrUuid sr, String text) throws StorageException {
    sql.update("UPDATE sr SET name_description = ? WHERE uuid = ?", text, sr);
  }

  public void setSrProblem(SrUuid sr, Optional<String> problem) throws StorageException {
    sql.update("UPDATE sr SET problem = ? WHERE uuid = ?", problem, sr);
  }

  public void setSrSpace(SrUuid sr, long totalBytes, long usedBytes) throws StorageException {
    sql.update(
        "UPDATE sr SET physical_size = ?, physical_utilisation = ? WHERE uuid = ?",
        totalBytes,
        usedBytes,
        sr);
  }

  /// Says that the SR's description has changed.
  public void bumpMetadataGeneration(SrUuid sr) throws StorageException {
    sql.update("UPDATE sr SET metadata_generation = metadata_generation + 1 WHERE uuid = ?", sr);
  }

  public void setMetadataGeneration(SrUuid sr, long generation) throws StorageException {
    sql.update("UPDATE sr SET metadata_generation = ? WHERE uuid = ?", generation, sr);
  }

  public void setSrTags(SrUuid sr, Collection<String> tags) throws StorageException {
    replace("sr", sr, PropertyRows.TAGS, tagged(tags));
  }

  public void setSrMap(SrUuid sr, SrMap map, Map<String, String> values) throws StorageException {
    replace("sr", sr, map.parameter(), values);
  }

  public void setSrKey(SrUuid sr, SrMap map, String key, String value) throws StorageException {
    put("sr", sr, map.parameter(), key, value);
  }

  public void unsetSrKey(SrUuid sr, SrMap map, String key) throws StorageException {
    remove("sr", sr, map.parameter(), key);
  }

  /// @throws StorageException [ErrorCode#SR_IN_USE] where the host has a PBD for this SR
  public void insertPbd(PbdRecord pbd) throws StorageException {
    sql.insert(
        () ->
            new StorageException(
                ErrorCode.SR_IN_USE,
                "Host " + pbd.host() + " has a PBD for SR " + pbd.sr() + ".",
                "Use that one: see pbd-list."),
        "INSERT INTO pbd(uuid, sr, host, plugged, last_error) VALUES(?, ?, ?, ?, ?)",
        pbd.uuid(),
        pbd.sr(),
        pbd.host(),
        pbd.plugged(),
        pbd.lastError());
    replace("pbd", pbd.uuid(), Rows.DEVICE_CONFIG, pbd.deviceConfig().values());
    replace("pbd", pbd.uuid(), Rows.OTHER_CONFIG, pbd.otherConfig());
  }

  public void setPbdState(PbdUuid pbd, boolean plugged, Optional<String> lastError)
      throws StorageException {
    sql.update(
        "UPDATE pbd SET plugged = ?, last_error = ? WHERE uuid = ?", plugged, lastError, pbd);
  }

  public void deletePbd(PbdUuid pbd) throws StorageException {
    sql.update("DELETE FROM pbd WHERE uuid = ?", pbd);
  }

  /// @throws StorageException [ErrorCode#VDI_EXISTS]
  public void insertVdi(VdiRecord vdi) throws StorageException {
    sql.insert(
        () ->
            new StorageException(
                ErrorCode.VDI_EXISTS, "There is a VDI " + vdi.uuid() + ".", "See vdi-list."),
        """
        INSERT INTO vdi(uuid, sr, type, name_label, name_description, virtual_size,
          physical_utilisation, read_only, sharable, managed, is_a_snapshot, snapshot_of,
          snapshot_time, parent, location, kind, missing, problem, content_id,
          qos_algorithm_type, cbt_enabled, attach_generation)
        VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)\
        """,
        vdi.uuid(),
        vdi.sr(),
        vdi.type(),
        vdi.nameLabel(),
        vdi.nameDescription(),
        vdi.virtualSizeBytes(),
        vdi.physicalUtilisationBytes(),
        vdi.readOnly(),
        vdi.sharable(),
        vdi.managed(),
        vdi.isASnapshot(),
        vdi.snapshotOf(),
        vdi.snapshotTime().toEpochMilli(),
        vdi.parent(),
        vdi.location(),
        vdi.kind(),
        vdi.missing(),
        vdi.problem(),
        vdi.contentId(),
        vdi.qosAlgorithmType(),
        vdi.cbtEnabled());
    setVdiProperties(vdi);
  }

  public void deleteVdi(VdiUuid vdi) throws StorageException {
    sql.update("DELETE FROM vdi WHERE uuid = ?", vdi);
  }

  /// Takes over what a description says of a VDI: everything that the storage itself doesn't know.
  public void describeVdi(VdiRecord vdi) throws StorageException {
    sql.update(
        """
        UPDATE vdi SET type = ?, name_label = ?, name_description = ?, read_only = ?, sharable = ?,
          is_a_snapshot = ?, snapshot_of = ?, snapshot_time = ?, content_id = ?,
          qos_algorithm_type = ?, cbt_enabled = ? WHERE uuid = ?\
        """,
        vdi.type(),
        vdi.nameLabel(),
        vdi.nameDescription(),
        vdi.readOnly(),
        vdi.sharable(),
        vdi.isASnapshot(),
        vdi.snapshotOf(),
        vdi.snapshotTime().toEpochMilli(),
        vdi.contentId(),
        vdi.qosAlgorithmType(),
        vdi.cbtEnabled(),
        vdi.uuid());
    setVdiProperties(vdi);
  }

  private void setVdiProperties(VdiRecord vdi) throws StorageException {
    setVdiTags(vdi.uuid(), vdi.tags());
    setVdiMap(vdi.uuid(), VdiMap.SM_CONFIG, vdi.smConfig());
    setVdiMap(vdi.uuid(), VdiMap.OTHER_CONFIG, vdi.otherConfig());
    setVdiMap(vdi.uuid(), VdiMap.KEYS, vdi.keys());
    setVdiMap(vdi.uuid(), VdiMap.QOS_ALGORITHM_PARAMS, vdi.qosAlgorithmParams());
  }

  /// Takes over what the storage says of a volume that is there.
  public void observeVdi(Volume volume) throws StorageException {
    sql.update(
        """
        UPDATE vdi SET virtual_size = ?, physical_utilisation = ?, parent = ?, managed = ?,
          kind = ?, problem = ?, missing = 0 WHERE uuid = ?\
        """,
        volume.virtualSizeBytes(),
        volume.physicalBytes(),
        volume.parent(),
        !volume.hidden(),
        volume.kind(),
        volume.problem(),
        volume.uuid());
  }

  public void setVdiMissing(VdiUuid vdi, boolean missing) throws StorageException {
    sql.update("UPDATE vdi SET missing = ? WHERE uuid = ?", missing, vdi);
  }

  public void setVdiNameLabel(VdiUuid vdi, String nameLabel) throws StorageException {
    sql.update("UPDATE vdi SET name_label = ? WHERE uuid = ?", nameLabel, vdi);
  }

  public void setVdiNameDescription(VdiUuid vdi, String text) throws StorageException {
    sql.update("UPDATE vdi SET name_description = ? WHERE uuid = ?", text, vdi);
  }

  /// Says whether a VDI's changes are asked for.
  public void setVdiCbtEnabled(VdiUuid vdi, boolean enabled) throws StorageException {
    sql.update("UPDATE vdi SET cbt_enabled = ? WHERE uuid = ?", enabled, vdi);
  }

  /// Names a VDI's content, until it is attached for writing; empty where it is not known.
  public void setVdiContentId(VdiUuid vdi, Optional<String> id) throws StorageException {
    sql.update("UPDATE vdi SET content_id = ? WHERE uuid = ?", id, vdi);
  }

  /// Says that of a snapshot only the change information is to be kept.
  public void setVdiMetadataOnly(VdiUuid vdi) throws StorageException {
    sql.update("UPDATE vdi SET type = ? WHERE uuid = ?", VdiRecord.CBT_METADATA, vdi);
  }

  /// Says that a VDI's data are gone, and its record stays.
  public void setVdiDataGone(VdiUuid vdi) throws StorageException {
    sql.update(
        "UPDATE vdi SET physical_utilisation = 0, parent = NULL, missing = 0, problem = NULL"
            + " WHERE uuid = ?",
        vdi);
  }

  public void setVdiVirtualSize(VdiUuid vdi, long sizeBytes) throws StorageException {
    sql.update("UPDATE vdi SET virtual_size = ? WHERE uuid = ?", sizeBytes, vdi);
  }

  public void setVdiReadOnly(VdiUuid vdi, boolean readOnly) throws StorageException {
    sql.update("UPDATE vdi SET read_only = ? WHERE uuid = ?", readOnly, vdi);
  }

  public void setVdiSharable(VdiUuid vdi, boolean sharable) throws StorageException {
    sql.update("UPDATE vdi SET sharable = ? WHERE uuid = ?", sharable, vdi);
  }

  public void setVdiQosAlgorithmType(VdiUuid vdi, String algorithm) throws StorageException {
    sql.update("UPDATE vdi SET qos_algorithm_type = ? WHERE uuid = ?", algorithm, vdi);
  }

  public void setVdiTags(VdiUuid vdi, Collection<String> tags) throws StorageException {
    replace("vdi", vdi, PropertyRows.TAGS, tagged(tags));
  }

  public void setVdiMap(VdiUuid vdi, VdiMap map, Map<String, String> values)
      throws StorageException {
    replace("vdi", vdi, map.parameter(), values);
  }

  public void setVdiKey(VdiUuid vdi, VdiMap map, String key, String value) throws StorageException {
    put("vdi", vdi, map.parameter(), key, value);
  }

  public void unsetVdiKey(VdiUuid vdi, VdiMap map, String key) throws StorageException {
    remove("vdi", vdi, map.parameter(), key);
  }

  /// Records an attachment. The database itself refuses a second writer of a VDI that is not
  /// sharable; changing the VDI's row first makes hosts that attach at once come one by one.
  ///
  /// @throws StorageException [ErrorCode#VDI_IN_USE]
  public void insertAttachment(AttachmentRecord attachment, boolean shared)
      throws StorageException {
    sql.update(
        "UPDATE vdi SET attach_generation = attach_generation + 1 WHERE uuid = ?",
        attachment.vdi());
    if (attachment.mode() == AccessMode.RW) {
      // Its content is not known any more once somebody can write to it.
      setVdiContentId(attachment.vdi(), Optional.empty());
    }
    sql.insert(
        () ->
            new StorageException(
                ErrorCode.VDI_IN_USE,
                "VDI " + attachment.vdi() + " is attached for writing elsewhere.",
                "Detach it there first."),
        """
        INSERT INTO attachment(vdi, host, domain, mode, shared, activated, endpoint, last_error)
        VALUES(?, ?, ?, ?, ?, ?, ?, ?)\
        """,
        attachment.vdi(),
        attachment.host(),
        attachment.domain(),
        attachment.mode(),
        shared && attachment.mode() == AccessMode.RW,
        attachment.activated(),
        attachment.endpoint(),
        attachment.lastError());
  }

  public void setAttachmentActivated(VdiUuid vdi, HostUuid on, String domain, boolean activated)
      throws StorageException {
    sql.update(
        "UPDATE attachment SET activated = ? WHERE vdi = ? AND host = ? AND domain = ?",
        activated,
        vdi,
        on,
        domain);
  }

  public void setAttachmentError(VdiUuid vdi, HostUuid on, Optional<String> lastError)
      throws StorageException {
    sql.update(
        "UPDATE attachment SET last_error = ? WHERE vdi = ? AND host = ?", lastError, vdi, on);
  }

  public void deleteAttachment(VdiUuid vdi, HostUuid on, String domain) throws StorageException {
    sql.update("DELETE FROM attachment WHERE vdi = ? AND host = ? AND domain = ?", vdi, on, domain);
  }

  /// Records an intent of this host, under its token.
  public void insertIntent(
      UUID id, String operation, SrUuid sr, Map<String, String> arguments, long createdMillis)
      throws StorageException {
    sql.update(
        """
        INSERT INTO intent(id, operation, sr, arguments, step, host, token, created)
        VALUES(?, ?, ?, ?, 'recorded', ?, ?, ?)\
        """,
        id,
        operation,
        sr,
        Rows.json(arguments),
        host,
        token,
        createdMillis);
  }

  public void setIntentStep(UUID id, String step) throws StorageException {
    sql.update("UPDATE intent SET step = ? WHERE id = ?", step, id);
  }

  public void deleteIntent(UUID id) throws StorageException {
    sql.update("DELETE FROM intent WHERE id = ?", id);
  }

  private static Map<String, String> tagged(Collection<String> tags) {
    return tags.stream().distinct().collect(Collectors.toMap(tag -> tag, tag -> ""));
  }

  private void replace(String owner, Object uuid, String family, Map<String, String> values)
      throws StorageException {
    sql.update(
        "DELETE FROM " + owner + "_property WHERE " + owner + " = ? AND family = ?", uuid, family);
    for (Map.Entry<String, String> entry : values.entrySet()) {
      put(owner, uuid, family, entry.getKey(), entry.getValue());
    }
  }

  private void put(String owner, Object uuid, String family, String key, String value)
      throws StorageException {
    sql.update(
        "INSERT INTO "
            + owner
            + "_property("
            + owner
            + ", family, key, value) VALUES(?, ?, ?, ?) ON CONFLICT("
            + owner
            + ", family, key) DO UPDATE SET value = excluded.value",
        uuid,
        family,
        key,
        value);
  }

  private void remove(String owner, Object uuid, String family, String key)
      throws StorageException {
    sql.update(
        "DELETE FROM " + owner + "_property WHERE " + owner + " = ? AND family = ? AND key = ?",
        uuid,
        family,
        key);
  }
}
