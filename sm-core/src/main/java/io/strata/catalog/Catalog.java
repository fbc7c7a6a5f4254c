// SPDX-License-Identifier: Apache-2.0
package io.strata.catalog;

import io.strata.spi.HostUuid;
import io.strata.spi.StorageException;
import java.sql.Connection;
import java.sql.SQLException;

/// The truth of names, configuration and intentions.
///
/// **Threads.** Safe for many. Changes come one at a time on one connection; reads run alongside on
/// connections of their own and see a consistent state.
///
/// **Fencing.** Opening takes the host's lease with a new token, and each change checks it: a
/// daemon that was taken for dead can change nothing.
public final class Catalog implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Catalog.class.getName());
  private static final int READERS = 4;

  private final HostUuid host;
  private final Lease lease;
  private final ConnectionPool writers;
  private final ConnectionPool readers;
  private final Dialect dialect;

  private Catalog(
      HostUuid host, Lease lease, ConnectionPool writers, ConnectionPool readers, Dialect dialect) {
    this.host = host;
    this.lease = lease;
    this.writers = writers;
    this.readers = readers;
    this.dialect = dialect;
  }

  /// Reads in one transaction.
  @FunctionalInterface
  public interface Reading<T> {
    T apply(CatalogReader reader) throws StorageException;
  }

  /// Changes in one transaction: all of it or nothing.
  @FunctionalInterface
  public interface Change {
    void apply(CatalogWriter writer) throws StorageException;
  }

  /// Brings the tables up to date and takes the host's lease.
  public static Catalog open(CatalogDatabase database, HostRecord host) throws StorageException {
    Dialect dialect = database.dialect();
    ConnectionPool writers = new ConnectionPool("writer", 1, database::connect, dialect);
    try {
      Lease lease =
          writers.use(connection -> {
            Schema.migrate(connection, dialect);
            Sql sql = new Sql(connection, dialect);
            Lease taken = Lease.take(sql, host.uuid());
            sql.update(
                "INSERT INTO host(uuid, name_label) VALUES(?, ?) ON CONFLICT(uuid) DO NOTHING",
                host.uuid(),
                host.nameLabel());
            return taken;
          });
      ConnectionPool readers =
          new ConnectionPool("readers", READERS, database::connectReader, dialect);
      return new Catalog(host.uuid(), lease, writers, readers, dialect);
    } catch (StorageException e) {
      writers.close();
      throw e;
    }
  }

  /// The fencing token of this opening.
  public long token() {
    return lease.token();
  }

  /// Reads.
  public <T> T read(Reading<T> reading) throws StorageException {
    return readers.use(
        connection -> reading.apply(new CatalogReader(new Sql(connection, dialect))));
  }

  /// Changes, if the lease is still held.
  public void write(Change change) throws StorageException {
    writers.use(connection -> {
      Sql sql = new Sql(connection, dialect);
      checkLease(sql);
      change.apply(new CatalogWriter(sql, host, lease.token()));
      return Boolean.TRUE;
    });
  }

  private void checkLease(Sql sql) throws StorageException {
    try {
      lease.assertHeld(sql);
    } catch (StorageException e) {
      LOG.log(System.Logger.Level.WARNING, "change refused: {0}", e.getMessage());
      throw e;
    }
  }

  @Override
  public void close() {
    readers.close();
    writers.close();
  }

  /// Work in a transaction.
  @FunctionalInterface
  interface Transaction<T> {
    T apply(Connection connection) throws SQLException, StorageException;
  }
}
