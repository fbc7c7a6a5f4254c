// SPDX-License-Identifier: Apache-2.0
package io.strata.catalog;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;

/// Where a catalog is kept.
public final class CatalogDatabase {
  private final String url;
  private final Properties settings;
  private final Dialect dialect;

  private CatalogDatabase(String url, Properties settings, Dialect dialect) {
    this.url = url;
    this.settings = settings;
    this.dialect = dialect;
  }

  /// An SQLite file, made where it is absent.
  public static CatalogDatabase sqlite(Path file) {
    Properties settings = new Properties();
    // A transaction that may write takes the write lock at once: upgrading later can deadlock.
    settings.setProperty("transaction_mode", "IMMEDIATE");
    return new CatalogDatabase("jdbc:sqlite:" + file, settings, Dialect.SQLITE);
  }

  /// A database on a PostgreSQL server.
  ///
  /// @param url `jdbc:postgresql://HOST:PORT/DATABASE`
  public static CatalogDatabase postgresql(String url, String user, String password) {
    Properties settings = new Properties();
    settings.setProperty("user", user);
    settings.setProperty("password", password);
    settings.setProperty("connectTimeout", "10");
    settings.setProperty("socketTimeout", "60");
    return new CatalogDatabase(url, settings, Dialect.POSTGRESQL);
  }

  Dialect dialect() {
    return dialect;
  }

  /// A connection for the writer.
  Connection connect() throws SQLException {
    return connect(settings);
  }

  /// A connection that only reads, and never waits for the writer.
  Connection connectReader() throws SQLException {
    Properties reading = new Properties();
    reading.putAll(settings);
    reading.remove("transaction_mode");
    return connect(reading);
  }

  private Connection connect(Properties with) throws SQLException {
    Connection connection = DriverManager.getConnection(url, with);
    try {
      dialect.prepare(connection);
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }
}
