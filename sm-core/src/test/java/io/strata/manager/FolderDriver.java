// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.Capability;
import io.strata.spi.DeviceConfig;
import io.strata.spi.DriverDescription;
import io.strata.spi.ErrorCode;
import io.strata.spi.ProbeResult;
import io.strata.spi.Repository;
import io.strata.spi.SpaceStat;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageDriver;
import io.strata.spi.StorageException;
import io.strata.store.DirectoryStore;
import io.strata.store.LimitedStore;
import io.strata.store.RefusingStore;
import io.strata.store.RefusingStore.Refusal;
import io.strata.store.VhdRepository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A driver for VHD files in folders, whose repositories a test may use past the manager.
final class FolderDriver implements StorageDriver {
  final Map<SrUuid, Repository> attached = new HashMap<>();
  private volatile Refusal refusal = NOTHING;
  private volatile Optional<SpaceStat> space = Optional.empty();

  /// No call fails.
  static final Refusal NOTHING = (_, _) -> false;

  /// Images can't take another's name.
  static final Refusal REPLACING = (call, _) -> call.equals("replace");

  /// Images can't be changed: those that are there stay as they are, unless they are open.
  static final Refusal CHANGING =
      (call, arguments) -> call.equals("open") && arguments.getLast().equals(true);

  @Override
  public DriverDescription describe() {
    return new DriverDescription(
        "folder",
        "Folder",
        "VHD files in a folder, for tests",
        "Strata",
        "1",
        true,
        EnumSet.allOf(Capability.class),
        List.of(new DriverDescription.ConfigKey("location", "where", true)));
  }

  /// From now on these calls fail, and no others.
  void refuse(Refusal calls) {
    refusal = calls;
  }

  /// From now on every SR has this space.
  void space(SpaceStat stat) {
    space = Optional.of(stat);
  }

  static DeviceConfig at(Path folder) {
    return new DeviceConfig(Map.of("location", folder.toString()));
  }

  @Override
  public ProbeResult probe(DeviceConfig config) {
    return new ProbeResult(List.of());
  }

  @Override
  public void create(SrUuid sr, DeviceConfig config) throws StorageException {
    try {
      Files.createDirectories(folder(config));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public Repository attach(SrUuid sr, DeviceConfig config) throws StorageException {
    Repository repository =
        new VhdRepository(
            RefusingStore.over(
                LimitedStore.over(new DirectoryStore(folder(config)), () -> space),
                (call, arguments) -> refusal.refuses(call, arguments)));
    attached.put(sr, repository);
    return repository;
  }

  @Override
  public void destroy(SrUuid sr, DeviceConfig config) {}

  private static Path folder(DeviceConfig config) throws StorageException {
    return Path.of(config.require("location", ErrorCode.CONFIG_LOCATION_MISSING));
  }

  /// The repository of an SR that is attached.
  Repository attachedTo(SrUuid sr) {
    return java.util.Objects.requireNonNull(attached.get(sr));
  }
}
