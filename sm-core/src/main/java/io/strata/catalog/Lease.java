// SPDX-License-Identifier: Apache-2.0
package io.strata.catalog;

import io.strata.spi.ErrorCode;
import io.strata.spi.HostUuid;
import io.strata.spi.StorageException;
import java.util.UUID;

/// A host's right to change the catalog. Taking it raises its token; who holds an older one is
/// fenced off.
///
/// @param name what is held
/// @param holder this opening of the catalog
/// @param token higher than every token before
record Lease(String name, UUID holder, long token) {

  static Lease take(Sql sql, HostUuid host) throws StorageException {
    String name = "host/" + host;
    UUID holder = UUID.randomUUID();
    sql.update(
        """
        INSERT INTO lease(name, holder, token) VALUES(?, ?, 1)
        ON CONFLICT(name) DO UPDATE SET holder = excluded.holder, token = lease.token + 1\
        """,
        name,
        holder);
    long token =
        sql.queryOne("SELECT token FROM lease WHERE name = ?", row -> row.getLong(1), name)
            .orElseThrow();
    return new Lease(name, holder, token);
  }

  /// Locks the lease's row for this transaction.
  ///
  /// @throws StorageException [ErrorCode#LVM_MASTER] if another has taken it since
  void assertHeld(Sql sql) throws StorageException {
    int held =
        sql.update(
            "UPDATE lease SET token = token WHERE name = ? AND holder = ? AND token = ?",
            name,
            holder,
            token);
    if (held == 0) {
      throw new StorageException(
          ErrorCode.LVM_MASTER,
          "Another daemon took over " + name + " after token " + token + "; nothing was changed.",
          "Stop this daemon and use the one that took over.");
    }
  }
}
