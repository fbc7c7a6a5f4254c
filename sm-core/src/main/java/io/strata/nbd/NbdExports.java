// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;

/// The exports that a server offers, by name.
///
/// **Threads.** Safe for any number of threads; a change is seen by the next client that asks.
public final class NbdExports {
  /// How long [#remove(String)] waits for requests in flight.
  private static final Duration REMOVE_TIMEOUT = Duration.ofSeconds(30);

  private final ConcurrentSkipListMap<String, NbdExport> exports = new ConcurrentSkipListMap<>();
  private volatile Optional<String> defaultName = Optional.empty();

  /// Without any export.
  public NbdExports() {}

  /// Offers an export.
  ///
  /// @throws IllegalStateException the name is taken
  public void add(NbdExport export) {
    if (exports.putIfAbsent(export.name(), export) != null) {
      throw new IllegalStateException("export " + export.name() + " exists");
    }
  }

  /// Makes `name` the export of clients that ask for the empty name. Without this call such clients
  /// are refused.
  public void setDefault(String name) {
    defaultName = Optional.of(name);
  }

  /// The export that a client means by `name`.
  public Optional<NbdExport> find(String name) {
    String wanted = name.isEmpty() ? defaultName.orElse(name) : name;
    return Optional.ofNullable(exports.get(wanted));
  }

  /// All exports in order of their names.
  public List<NbdExport> all() {
    return List.copyOf(exports.values());
  }

  /// Withdraws an export and disconnects its clients, after the requests in flight. Its device may
  /// be closed afterwards. Does nothing where there is none.
  ///
  /// @throws IOException requests are still in flight after 30 s: the device is still in use, and
  ///   the export, which admits nobody any more, is to be removed again
  public void remove(String name) throws IOException {
    remove(name, REMOVE_TIMEOUT);
  }

  /// As [#remove(String)], with a time limit of the caller's.
  public void remove(String name, Duration timeout) throws IOException {
    NbdExport export = exports.get(name);
    if (export != null) {
      // Whoever asks again, where it took too long, waits for the same requests.
      export.withdraw(timeout);
      exports.remove(name, export);
    }
  }
}
