// SPDX-License-Identifier: Apache-2.0
package io.strata.catalog;

import io.strata.spi.StorageException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Prepared statements on one connection; the only kind there is.
final class Sql {
  private final Connection connection;
  private final Dialect dialect;

  Sql(Connection connection, Dialect dialect) {
    this.connection = connection;
    this.dialect = dialect;
  }

  /// Makes a record of the row a result set stands on.
  @FunctionalInterface
  interface RowReader<T> {
    T read(ResultSet row) throws SQLException, StorageException;
  }

  /// Answers a failed uniqueness rule.
  @FunctionalInterface
  interface Duplicate {
    StorageException error();
  }

  <T> List<T> query(String sql, RowReader<T> reader, Object... arguments) throws StorageException {
    try (PreparedStatement statement = prepare(sql, arguments);
        ResultSet rows = statement.executeQuery()) {
      List<T> found = new ArrayList<>();
      while (rows.next()) {
        found.add(reader.read(rows));
      }
      return found;
    } catch (SQLException e) {
      throw CatalogErrors.of(dialect, e);
    }
  }

  <T> Optional<T> queryOne(String sql, RowReader<T> reader, Object... arguments)
      throws StorageException {
    return query(sql, reader, arguments).stream().findFirst();
  }

  /// @return rows changed
  int update(String sql, Object... arguments) throws StorageException {
    try (PreparedStatement statement = prepare(sql, arguments)) {
      return statement.executeUpdate();
    } catch (SQLException e) {
      throw CatalogErrors.of(dialect, e);
    }
  }

  /// Inserts where a uniqueness rule may answer no.
  void insert(Duplicate duplicate, String sql, Object... arguments) throws StorageException {
    try (PreparedStatement statement = prepare(sql, arguments)) {
      statement.executeUpdate();
    } catch (SQLException e) {
      throw dialect.duplicate(e) ? duplicate.error() : CatalogErrors.of(dialect, e);
    }
  }

  private PreparedStatement prepare(String sql, Object... arguments) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    try {
      for (int i = 0; i < arguments.length; i++) {
        bind(statement, i + 1, arguments[i]);
      }
      return statement;
    } catch (SQLException e) {
      statement.close();
      throw e;
    }
  }

  private static void bind(PreparedStatement statement, int index, Object argument)
      throws SQLException {
    switch (argument) {
      case Long number -> statement.setLong(index, number);
      case Boolean flag -> statement.setLong(index, flag ? 1 : 0);
      case Optional<?> absent when absent.isEmpty() -> statement.setNull(index, Types.VARCHAR);
      case Optional<?> present -> statement.setString(index, present.orElseThrow().toString());
      case Enum<?> constant -> statement.setString(index, constant.name());
      default -> statement.setString(index, argument.toString());
    }
  }
}
