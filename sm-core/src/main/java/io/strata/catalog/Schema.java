// SPDX-License-Identifier: Apache-2.0
package io.strata.catalog;

import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.regex.Pattern;

/// The tables, as a list of migrations. A migration that was released never changes; a new one is
/// added at the end.
///
/// Times are milliseconds since the epoch, sizes bytes, flags 0 or 1, UUIDs text of 36 characters.
final class Schema {
  private static final String VERSION_1 =
      """
      CREATE TABLE lease(
        name TEXT PRIMARY KEY, holder TEXT NOT NULL, token {BIGINT} NOT NULL){STRICT};
      CREATE TABLE host(
        uuid TEXT PRIMARY KEY, name_label TEXT NOT NULL){STRICT};
      CREATE TABLE sr(
        uuid TEXT PRIMARY KEY, type TEXT NOT NULL, name_label TEXT NOT NULL,
        name_description TEXT NOT NULL, shared {BIGINT} NOT NULL, content_type TEXT NOT NULL,
        physical_size {BIGINT} NOT NULL, physical_utilisation {BIGINT} NOT NULL, problem TEXT,
        metadata_generation {BIGINT} NOT NULL){STRICT};
      CREATE TABLE sr_property(
        sr TEXT NOT NULL REFERENCES sr(uuid) ON DELETE CASCADE, family TEXT NOT NULL,
        key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(sr, family, key)){STRICT};
      CREATE TABLE pbd(
        uuid TEXT PRIMARY KEY, sr TEXT NOT NULL REFERENCES sr(uuid) ON DELETE CASCADE,
        host TEXT NOT NULL REFERENCES host(uuid), plugged {BIGINT} NOT NULL, last_error TEXT,
        UNIQUE(sr, host)){STRICT};
      CREATE TABLE pbd_property(
        pbd TEXT NOT NULL REFERENCES pbd(uuid) ON DELETE CASCADE, family TEXT NOT NULL,
        key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(pbd, family, key)){STRICT};
      CREATE TABLE vdi(
        uuid TEXT PRIMARY KEY, sr TEXT NOT NULL REFERENCES sr(uuid) ON DELETE CASCADE,
        type TEXT NOT NULL, name_label TEXT NOT NULL, name_description TEXT NOT NULL,
        virtual_size {BIGINT} NOT NULL, physical_utilisation {BIGINT} NOT NULL,
        read_only {BIGINT} NOT NULL, sharable {BIGINT} NOT NULL, managed {BIGINT} NOT NULL,
        is_a_snapshot {BIGINT} NOT NULL, snapshot_of TEXT, snapshot_time {BIGINT} NOT NULL,
        parent TEXT, location TEXT NOT NULL, kind TEXT NOT NULL, missing {BIGINT} NOT NULL,
        problem TEXT, content_id TEXT, qos_algorithm_type TEXT NOT NULL,
        attach_generation {BIGINT} NOT NULL, UNIQUE(sr, location)){STRICT};
      CREATE INDEX vdi_of_sr ON vdi(sr);
      CREATE TABLE vdi_property(
        vdi TEXT NOT NULL REFERENCES vdi(uuid) ON DELETE CASCADE, family TEXT NOT NULL,
        key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(vdi, family, key)){STRICT};
      CREATE TABLE attachment(
        vdi TEXT NOT NULL REFERENCES vdi(uuid), host TEXT NOT NULL REFERENCES host(uuid),
        domain TEXT NOT NULL, mode TEXT NOT NULL, shared {BIGINT} NOT NULL,
        activated {BIGINT} NOT NULL, endpoint TEXT NOT NULL, last_error TEXT,
        PRIMARY KEY(vdi, host, domain)){STRICT};
      CREATE UNIQUE INDEX attachment_one_writer ON attachment(vdi) WHERE mode = 'RW' AND shared = 0;
      CREATE TABLE intent(
        id TEXT PRIMARY KEY, operation TEXT NOT NULL, sr TEXT NOT NULL, arguments TEXT NOT NULL,
        step TEXT NOT NULL, host TEXT NOT NULL, token {BIGINT} NOT NULL,
        created {BIGINT} NOT NULL){STRICT};
      CREATE INDEX intent_of_sr ON intent(sr);
      """;

  private static final String VERSION_2 =
      """
      ALTER TABLE vdi ADD COLUMN cbt_enabled {BIGINT} NOT NULL DEFAULT 0;
      """;

  private static final String VERSION_3 =
      """
      CREATE INDEX vdi_of_parent ON vdi(parent);
      """;

  private static final Pattern STATEMENT_END = Pattern.compile(";\n");
  private static final List<String> MIGRATIONS = List.of(VERSION_1, VERSION_2, VERSION_3);

  private Schema() {}

  /// Brings the tables to the newest version, each migration in a transaction of its own.
  static void migrate(Connection connection, Dialect dialect)
      throws SQLException, StorageException {
    long version = version(connection, dialect);
    if (version > MIGRATIONS.size()) {
      throw new StorageException(
          ErrorCode.METADATA_ERROR,
          "The catalog has schema version "
              + version
              + "; this Strata knows versions up to "
              + MIGRATIONS.size()
              + ".",
          "Start the newer Strata that wrote it.");
    }
    for (int next = (int) version; next < MIGRATIONS.size(); next++) {
      apply(connection, dialect.render(MIGRATIONS.get(next)));
      apply(connection, "UPDATE schema_version SET version = version + 1");
      connection.commit();
    }
  }

  private static long version(Connection connection, Dialect dialect) throws SQLException {
    apply(
        connection,
        dialect.render(
            "CREATE TABLE IF NOT EXISTS schema_version(version {BIGINT} NOT NULL){STRICT}"));
    apply(
        connection,
        "INSERT INTO schema_version SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM schema_version)");
    connection.commit();
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT version FROM schema_version")) {
      row.next();
      return row.getLong(1);
    } finally {
      connection.commit();
    }
  }

  private static void apply(Connection connection, String script) throws SQLException {
    for (String sql : STATEMENT_END.split(script, -1)) {
      if (sql.isBlank()) {
        continue;
      }
      try (Statement statement = connection.createStatement()) {
        statement.executeUpdate(sql);
      }
    }
  }
}
