// SPDX-License-Identifier: Apache-2.0
package io.strata.catalog;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/// All that differs between the two databases.
enum Dialect {
  /// Embedded, one host. STRICT tables know INTEGER (64 bits) and no BIGINT.
  SQLITE("INTEGER", " STRICT") {
    @Override
    void prepare(Connection connection) throws SQLException {
      try (Statement pragma = connection.createStatement()) {
        pragma.execute("PRAGMA journal_mode=WAL");
        // NORMAL loses commits on a power cut.
        pragma.execute("PRAGMA synchronous=FULL");
        pragma.execute("PRAGMA foreign_keys=ON");
        pragma.execute("PRAGMA busy_timeout=5000");
      }
    }

    @Override
    boolean duplicate(SQLException e) {
      // SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE and, without extended codes,
      // SQLITE_CONSTRAINT. Source: sqlite.org/rescode.html
      return e.getErrorCode() == 1555
          || e.getErrorCode() == 2067
          || (e.getErrorCode() == 19 && String.valueOf(e.getMessage()).contains("UNIQUE"));
    }

    @Override
    boolean busy(SQLException e) {
      return (e.getErrorCode() & 0xff) == 5 || (e.getErrorCode() & 0xff) == 6;
    }

    @Override
    boolean full(SQLException e) {
      return (e.getErrorCode() & 0xff) == 13;
    }
  },

  /// A server, for a pool of hosts.
  POSTGRESQL("BIGINT", "") {
    @Override
    void prepare(Connection connection) throws SQLException {
      try (Statement setting = connection.createStatement()) {
        setting.execute("SET lock_timeout = '5s'");
        setting.execute("SET statement_timeout = '30s'");
      }
    }

    @Override
    boolean duplicate(SQLException e) {
      return "23505".equals(e.getSQLState());
    }

    @Override
    boolean busy(SQLException e) {
      // lock_not_available, serialization_failure, deadlock_detected
      return "55P03".equals(e.getSQLState())
          || "40001".equals(e.getSQLState())
          || "40P01".equals(e.getSQLState());
    }

    @Override
    boolean full(SQLException e) {
      return "53100".equals(e.getSQLState());
    }
  };

  private final String longType;
  private final String tableSuffix;

  Dialect(String longType, String tableSuffix) {
    this.longType = longType;
    this.tableSuffix = tableSuffix;
  }

  /// Schema text in this database's words: `BIGINT` and `STRICT` are the only ones that differ.
  String render(String ddl) {
    return ddl.replace("{BIGINT}", longType).replace("{STRICT}", tableSuffix);
  }

  /// Sets a fresh connection up.
  abstract void prepare(Connection connection) throws SQLException;

  /// Whether a uniqueness rule was broken.
  abstract boolean duplicate(SQLException e);

  /// Whether another writer held on too long.
  abstract boolean busy(SQLException e);

  /// Whether there is no space left for the database.
  abstract boolean full(SQLException e);
}
