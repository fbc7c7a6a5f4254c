// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.catalog.Catalog;
import io.strata.catalog.CatalogDatabase;
import io.strata.catalog.HostRecord;
import io.strata.spi.HostUuid;
import io.strata.spi.StorageException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/// What a daemon's home folder holds durably: its catalog as of the last commit, and the host's
/// identity. SQLite is trusted to keep what it committed.
///
/// @param files by name; never changed
record DaemonHome(Map<String, byte[]> files) {
  static final DaemonHome NEW = new DaemonHome(Map.of());

  private static final String HOST = "host-uuid";
  private static final String CATALOG = "catalog.db";

  DaemonHome {
    files = Map.copyOf(files);
  }

  /// Reads a home folder between two commits.
  static DaemonHome read(Path home) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(home)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        // The index of the log is made anew.
        boolean kept = name.equals(HOST) || name.startsWith(CATALOG);
        if (kept && !name.endsWith("-shm")) {
          files.put(name, Files.readAllBytes(entry));
        }
      }
    }
    return new DaemonHome(files);
  }

  /// Writes it to an empty folder.
  void writeTo(Path home) throws IOException {
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      Files.write(home.resolve(file.getKey()), file.getValue());
    }
  }

  /// The intents that are recorded, and the verb of each.
  Map<UUID, String> intents() throws IOException {
    Map<UUID, String> verbs = new TreeMap<>();
    inCatalog(
        catalog -> catalog.read(r -> r.intents()).forEach(i -> verbs.put(i.id(), i.operation())));
    return verbs;
  }

  /// The same, were these intents not recorded.
  DaemonHome without(Collection<UUID> intents) throws IOException {
    return inCatalog(catalog ->
        catalog.write(w -> {
          for (UUID intent : intents) {
            w.deleteIntent(intent);
          }
        }));
  }

  /// Works on a copy of the catalog, and returns that; a home without one stays as it is.
  private DaemonHome inCatalog(CatalogWork work) throws IOException {
    Optional<byte[]> host = Optional.ofNullable(files.get(HOST));
    if (host.isEmpty() || !files.containsKey(CATALOG)) {
      return this;
    }
    Path home = Files.createTempDirectory(Daemon.PLACE, "strata-crash-");
    try {
      writeTo(home);
      HostUuid uuid = HostUuid.parse(new String(host.get(), StandardCharsets.US_ASCII).strip());
      CatalogDatabase database = CatalogDatabase.sqlite(home.resolve(CATALOG));
      try (Catalog catalog = Catalog.open(database, new HostRecord(uuid, "crash"))) {
        work.on(catalog);
      }
      return read(home);
    } catch (StorageException failed) {
      throw new IOException(failed);
    } finally {
      Daemon.remove(home);
    }
  }

  /// What is done to a catalog.
  @FunctionalInterface
  private interface CatalogWork {
    void on(Catalog catalog) throws StorageException;
  }
}
