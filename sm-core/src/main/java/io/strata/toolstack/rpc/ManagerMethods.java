// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import io.strata.manager.StorageManager;

/// Binds every method that the manager answers.
public final class ManagerMethods {
  private ManagerMethods() {}

  /// Adds them all.
  public static void addTo(ApiMethods methods, StorageManager manager) {
    new SrMethods(manager).addTo(methods);
    new VdiMethods(manager).addTo(methods);
    new ImageMethods(manager).addTo(methods);
    new RecordMethods(manager).addTo(methods);
    new TreeMethod(manager).addTo(methods);
    new StatisticsMethods(manager).addTo(methods);
  }
}
