// SPDX-License-Identifier: Apache-2.0
package io.strata.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.spi.ErrorCode;
import io.strata.spi.HostUuid;
import io.strata.spi.StorageException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SqliteCatalogTest extends CatalogContract {
  @TempDir Path folder;

  @Override
  CatalogDatabase database() {
    return CatalogDatabase.sqlite(folder.resolve("catalog.db"));
  }

  @Test
  void commitsOutliveAPowerCut() throws Exception {
    try (Connection connection = database().connect();
        Statement statement = connection.createStatement()) {
      assertThat(pragma(statement, "journal_mode")).isEqualTo("wal");
      assertThat(pragma(statement, "synchronous")).isEqualTo("2");
      assertThat(pragma(statement, "foreign_keys")).isEqualTo("1");
    }
  }

  private static String pragma(Statement statement, String name) throws Exception {
    try (ResultSet row = statement.executeQuery("PRAGMA " + name)) {
      row.next();
      return row.getString(1);
    }
  }

  @Test
  void schemaOfANewerStrataIsRefused() throws Exception {
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("catalog.db"));
        Statement statement = connection.createStatement()) {
      statement.executeUpdate("UPDATE schema_version SET version = 99");
    }
    assertThatThrownBy(
            () -> Catalog.open(database(), new HostRecord(HostUuid.random(), "h")).close())
        .isInstanceOfSatisfying(
            StorageException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.METADATA_ERROR))
        .hasMessageContaining("99");
  }
}
