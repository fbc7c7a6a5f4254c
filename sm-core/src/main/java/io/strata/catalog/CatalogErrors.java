// SPDX-License-Identifier: Apache-2.0
package io.strata.catalog;

import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import java.sql.SQLException;

/// Failures of the database in the field's numbers.
final class CatalogErrors {

  private CatalogErrors() {}

  static StorageException of(Dialect dialect, SQLException e) {
    if (dialect.busy(e)) {
      return new StorageException(
          ErrorCode.LOCK_ERR,
          "The catalog stayed locked by another transaction.",
          "Send the request again.",
          e);
    }
    if (dialect.full(e)) {
      return new StorageException(
          ErrorCode.SR_NO_SPACE,
          "There is no space left for the catalog.",
          "Free space where the catalog is kept.",
          e);
    }
    return new StorageException(
        ErrorCode.METADATA_ERROR,
        "The catalog's database failed: " + e.getMessage() + ".",
        "Look at the disk and the database that hold the catalog.",
        e);
  }

  static StorageException timeout(String what) {
    return new StorageException(
        ErrorCode.LOCK_ERR, "The catalog's " + what + " stayed busy.", "Send the request again.");
  }
}
