// SPDX-License-Identifier: Apache-2.0
package io.strata.driver.local;

import io.strata.spi.DeviceConfig;
import io.strata.spi.DriverDescription;
import io.strata.spi.DriverDescription.ConfigKey;
import io.strata.spi.ProbeResult;
import io.strata.spi.ProbeResult.Candidate;
import io.strata.spi.Repository;
import io.strata.spi.SpaceStat;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageDriver;
import io.strata.spi.StorageException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// SR type `file`: VHD files in a folder of a filesystem that is mounted already.
///
/// The files stand in `device-config:location` itself, and a marker file names the SR, so that a
/// second SR in the same folder is refused. Destroying an SR leaves the emptied folder.
public final class FileDriver implements StorageDriver {

  /// For `java.util.ServiceLoader`.
  public FileDriver() {}

  @Override
  public DriverDescription describe() {
    return new DriverDescription(
        "file",
        "Local folder",
        "VHD disks as files in a folder of this host",
        "Strata",
        "1.0",
        false,
        DirectoryCapabilities.ALL,
        List.of(
            new ConfigKey(
                "location", "absolute path of the folder; made if only its parent exists", true)));
  }

  @Override
  public ProbeResult probe(DeviceConfig config) throws StorageException {
    SrLocation location = SrLocation.of(config);
    Map<String, String> details = new LinkedHashMap<>();
    details.put("path", location.path().toString());
    if (!location.exists()) {
      return new ProbeResult(List.of(new Candidate(config, true, Optional.empty(), details)));
    }
    SrFolder folder = location.folder();
    SpaceStat space = folder.space();
    details.put("size", Long.toString(space.totalBytes()));
    details.put("free", Long.toString(space.freeBytes()));
    Optional<SrUuid> owner = folder.owner();
    boolean complete = owner.isPresent() || folder.isEmpty();
    return new ProbeResult(List.of(new Candidate(config, complete, owner, details)));
  }

  @Override
  public void create(SrUuid sr, DeviceConfig config) throws StorageException {
    SrLocation.of(config).make().claim(sr);
  }

  @Override
  public Repository attach(SrUuid sr, DeviceConfig config) throws StorageException {
    return SrLocation.of(config).folder().open(sr, Detach.NOTHING);
  }

  @Override
  public void destroy(SrUuid sr, DeviceConfig config) throws StorageException {
    SrLocation location = SrLocation.of(config);
    if (location.exists()) {
      location.folder().clear(sr);
    }
  }
}
