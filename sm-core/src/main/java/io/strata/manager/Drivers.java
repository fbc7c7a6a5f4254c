// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.DriverDescription;
import io.strata.spi.ErrorCode;
import io.strata.spi.Messages;
import io.strata.spi.StorageDriver;
import io.strata.spi.StorageException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The drivers by SR type.
final class Drivers {
  private final Map<String, StorageDriver> byType = new TreeMap<>();

  /// @throws IllegalArgumentException two drivers claim one type
  Drivers(Collection<StorageDriver> drivers) {
    for (StorageDriver driver : drivers) {
      String type = driver.describe().type();
      if (byType.putIfAbsent(type, driver) != null) {
        throw new IllegalArgumentException("two drivers of type " + type);
      }
    }
  }

  List<DriverDescription> describe() {
    return byType.values().stream().map(StorageDriver::describe).toList();
  }

  /// @throws StorageException [ErrorCode#SR_UNKNOWN_TYPE]
  StorageDriver require(String type) throws StorageException {
    StorageDriver driver = byType.get(type);
    if (driver == null) {
      throw new StorageException(
          ErrorCode.SR_UNKNOWN_TYPE,
          "There is no driver for SR type '" + Messages.printable(type) + "'.",
          "Types here: " + String.join(", ", byType.keySet()) + ".");
    }
    return driver;
  }
}
