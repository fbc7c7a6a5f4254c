// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

/// What an export and a server need of a connection they hold.
interface ExportConnection {

  /// What the connection did.
  RequestCounters counters();

  /// Makes it end after the requests that it has received. Returns at once.
  void finish();

  /// Cuts it off. Returns at once; the request that runs still ends first.
  void cut();
}
