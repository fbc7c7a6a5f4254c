// SPDX-License-Identifier: Apache-2.0
package io.strata.catalog;

import io.strata.spi.StorageException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// A bounded number of connections, opened when first needed; one that failed is thrown away.
final class ConnectionPool implements AutoCloseable {
  private static final long WAIT_SECONDS = 30;

  private final String name;
  private final Source source;
  private final Dialect dialect;
  private final Semaphore permits;
  private final ConcurrentLinkedDeque<Connection> idle = new ConcurrentLinkedDeque<>();

  ConnectionPool(String name, int size, Source source, Dialect dialect) {
    this.name = name;
    this.source = source;
    this.dialect = dialect;
    this.permits = new Semaphore(size, true);
  }

  /// Opens a connection.
  @FunctionalInterface
  interface Source {
    Connection open() throws SQLException;
  }

  /// Runs a transaction: commits when it returns, rolls back when it throws.
  <T> T use(Catalog.Transaction<T> work) throws StorageException {
    take();
    try {
      Connection connection = idle.pollFirst();
      return transact(connection == null ? source.open() : connection, work);
    } catch (SQLException e) {
      throw CatalogErrors.of(dialect, e);
    } finally {
      permits.release();
    }
  }

  private <T> T transact(Connection connection, Catalog.Transaction<T> work)
      throws SQLException, StorageException {
    boolean done = false;
    try {
      connection.setAutoCommit(false);
      T result = work.apply(connection);
      connection.commit();
      // SQLite's driver has begun the next transaction by now; left open, an immediate one would
      // keep every other process from writing.
      connection.setAutoCommit(true);
      done = true;
      return result;
    } finally {
      if (done || rolledBack(connection)) {
        idle.addFirst(connection);
      } else {
        connection.close();
      }
    }
  }

  private static boolean rolledBack(Connection connection) {
    try {
      connection.rollback();
      connection.setAutoCommit(true);
      return true;
    } catch (SQLException e) {
      return false;
    }
  }

  private void take() throws StorageException {
    try {
      if (!permits.tryAcquire(WAIT_SECONDS, TimeUnit.SECONDS)) {
        throw CatalogErrors.timeout(name);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw CatalogErrors.timeout(name);
    }
  }

  @Override
  public void close() {
    for (Connection c = idle.pollFirst(); c != null; c = idle.pollFirst()) {
      try {
        c.close();
      } catch (SQLException e) {
        System.getLogger(ConnectionPool.class.getName())
            .log(System.Logger.Level.WARNING, "closing the catalog", e);
      }
    }
  }
}
