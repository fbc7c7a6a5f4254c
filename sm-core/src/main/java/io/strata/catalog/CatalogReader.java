// SPDX-License-Identifier: Apache-2.0
package io.strata.catalog;

import io.strata.spi.ErrorCode;
import io.strata.spi.HostUuid;
import io.strata.spi.PbdUuid;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// Queries, in one transaction. Not kept beyond it.
public final class CatalogReader {
  private static final String ALL_PROPERTIES = "";

  private final Sql sql;

  CatalogReader(Sql sql) {
    this.sql = sql;
  }

  public List<HostRecord> hosts() throws StorageException {
    return sql.query("SELECT * FROM host ORDER BY uuid", Rows::host);
  }

  public List<SrRecord> srs() throws StorageException {
    PropertyRows properties = PropertyRows.load(sql, "sr", ALL_PROPERTIES);
    return sql.query(Rows.SELECT_SR + " ORDER BY uuid", row -> Rows.sr(row, properties));
  }

  public Optional<SrRecord> findSr(SrUuid sr) throws StorageException {
    PropertyRows properties = PropertyRows.load(sql, "sr", " WHERE sr = ?", sr);
    return sql.queryOne(Rows.SELECT_SR + " WHERE uuid = ?", row -> Rows.sr(row, properties), sr);
  }

  /// @throws StorageException [ErrorCode#BAD_REQUEST] where there is none
  public SrRecord sr(SrUuid sr) throws StorageException {
    return findSr(sr).orElseThrow(() -> unknown("SR", sr, "sr-list"));
  }

  /// How often the SR's description has changed.
  public long metadataGeneration(SrUuid sr) throws StorageException {
    return sql.queryOne(
            "SELECT metadata_generation FROM sr WHERE uuid = ?", row -> row.getLong(1), sr)
        .orElseThrow(() -> unknown("SR", sr, "sr-list"));
  }

  public List<PbdRecord> pbds() throws StorageException {
    PropertyRows properties = PropertyRows.load(sql, "pbd", ALL_PROPERTIES);
    return sql.query("SELECT * FROM pbd ORDER BY uuid", row -> Rows.pbd(row, properties));
  }

  /// @throws StorageException [ErrorCode#BAD_REQUEST] where there is none
  public PbdRecord pbd(PbdUuid pbd) throws StorageException {
    PropertyRows properties = PropertyRows.load(sql, "pbd", " WHERE pbd = ?", pbd);
    return sql.queryOne("SELECT * FROM pbd WHERE uuid = ?", row -> Rows.pbd(row, properties), pbd)
        .orElseThrow(() -> unknown("PBD", pbd, "pbd-list"));
  }

  /// The PBDs of an SR, of every host.
  public List<PbdRecord> pbds(SrUuid sr) throws StorageException {
    return pbds().stream().filter(pbd -> pbd.sr().equals(sr)).toList();
  }

  public List<VdiRecord> vdis() throws StorageException {
    PropertyRows properties = PropertyRows.load(sql, "vdi", ALL_PROPERTIES);
    return sql.query("SELECT * FROM vdi ORDER BY uuid", row -> Rows.vdi(row, properties));
  }

  /// The VDIs of an SR, hidden base copies included.
  public List<VdiRecord> vdis(SrUuid sr) throws StorageException {
    PropertyRows properties =
        PropertyRows.load(sql, "vdi", " WHERE vdi IN (SELECT uuid FROM vdi WHERE sr = ?)", sr);
    return sql.query(
        "SELECT * FROM vdi WHERE sr = ? ORDER BY uuid", row -> Rows.vdi(row, properties), sr);
  }

  public Optional<VdiRecord> findVdi(VdiUuid vdi) throws StorageException {
    PropertyRows properties = PropertyRows.load(sql, "vdi", " WHERE vdi = ?", vdi);
    return sql.queryOne("SELECT * FROM vdi WHERE uuid = ?", row -> Rows.vdi(row, properties), vdi);
  }

  /// @throws StorageException [ErrorCode#VDI_MISSING] where there is none
  public VdiRecord vdi(VdiUuid vdi) throws StorageException {
    return findVdi(vdi)
        .orElseThrow(() ->
            new StorageException(
                ErrorCode.VDI_MISSING,
                "There is no VDI " + vdi + ".",
                "See vdi-list; sr-scan finds disks that were added outside."));
  }

  /// The VDIs that have this one as their parent, as the last look at the storage found them.
  public List<VdiUuid> children(VdiUuid parent) throws StorageException {
    return sql.query(
        "SELECT uuid FROM vdi WHERE parent = ? ORDER BY uuid",
        row -> new VdiUuid(UUID.fromString(row.getString(1))),
        parent);
  }

  /// Whether the last scan of an SR did not find all its VDIs.
  public boolean anyMissing(SrUuid sr) throws StorageException {
    return sql.queryOne(
                "SELECT COUNT(*) FROM vdi WHERE sr = ? AND missing = 1", row -> row.getLong(1), sr)
            .orElse(0L)
        > 0;
  }

  /// Whether a disk has snapshots of this type.
  public boolean hasSnapshots(VdiUuid disk, String type) throws StorageException {
    return sql.queryOne(
                "SELECT COUNT(*) FROM vdi WHERE snapshot_of = ? AND type = ?",
                row -> row.getLong(1),
                disk,
                type)
            .orElseThrow()
        > 0;
  }

  public List<AttachmentRecord> attachments() throws StorageException {
    return sql.query("SELECT * FROM attachment ORDER BY vdi, host, domain", Rows::attachment);
  }

  /// Who holds a VDI, on every host.
  public List<AttachmentRecord> attachments(VdiUuid vdi) throws StorageException {
    return sql.query(
        "SELECT * FROM attachment WHERE vdi = ? ORDER BY host, domain", Rows::attachment, vdi);
  }

  /// Who holds VDIs of an SR, on every host.
  public List<AttachmentRecord> attachments(SrUuid sr) throws StorageException {
    return sql.query(
        "SELECT * FROM attachment WHERE vdi IN (SELECT uuid FROM vdi WHERE sr = ?)"
            + " ORDER BY vdi, host, domain",
        Rows::attachment,
        sr);
  }

  public Optional<AttachmentRecord> findAttachment(VdiUuid vdi, HostUuid host, String domain)
      throws StorageException {
    return sql.queryOne(
        "SELECT * FROM attachment WHERE vdi = ? AND host = ? AND domain = ?",
        Rows::attachment,
        vdi,
        host,
        domain);
  }

  /// Open intents, oldest first.
  public List<IntentRecord> intents() throws StorageException {
    return sql.query("SELECT * FROM intent ORDER BY created, id", Rows::intent);
  }

  /// Open intents on an SR, oldest first.
  public List<IntentRecord> intents(SrUuid sr) throws StorageException {
    return sql.query("SELECT * FROM intent WHERE sr = ? ORDER BY created, id", Rows::intent, sr);
  }

  private static StorageException unknown(String what, Object uuid, String list) {
    return new StorageException(
        ErrorCode.BAD_REQUEST, "There is no " + what + " " + uuid + ".", "See " + list + ".");
  }
}
