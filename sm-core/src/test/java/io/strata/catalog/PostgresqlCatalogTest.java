// SPDX-License-Identifier: Apache-2.0
package io.strata.catalog;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/// The same contract on a PostgreSQL server, where one can be started; skipped otherwise.
class PostgresqlCatalogTest extends CatalogContract {
  @TempDir static Path folder;
  private static @Nullable PostgresqlServer server;
  private static int databases;

  @BeforeAll
  static void start() throws Exception {
    String missing = PostgresqlServer.missing();
    Assumptions.assumeTrue(missing.isEmpty(), missing);
    server = PostgresqlServer.start(folder);
  }

  @AfterAll
  static void stop() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  @Override
  @BeforeEach
  void open() throws Exception {
    databases++;
    try (Connection connection =
            DriverManager.getConnection(running().url("postgres"), "strata", "");
        Statement statement = connection.createStatement()) {
      statement.executeUpdate("CREATE DATABASE catalog" + databases);
    }
    super.open();
  }

  @Override
  CatalogDatabase database() {
    return CatalogDatabase.postgresql(running().url("catalog" + databases), "strata", "");
  }

  private static PostgresqlServer running() {
    return java.util.Objects.requireNonNull(server);
  }
}
