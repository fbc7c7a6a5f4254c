// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.Catalog;
import io.strata.catalog.SrMap;
import io.strata.catalog.VdiMap;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.util.Set;

/// Names, tags and key-value parameters of SRs and VDIs. The SR need not be plugged; what it says
/// of itself follows with the next plug.
final class Parameters {
  private final Core core;
  private final SrMetadata metadata;
  private final ServedDisks disks;

  Parameters(Core core, SrMetadata metadata, ServedDisks disks) {
    this.core = core;
    this.metadata = metadata;
    this.disks = disks;
  }

  void vdiNameLabel(VdiUuid vdi, String text) throws StorageException {
    Names.check("name-label", text);
    change(vdi, w -> w.setVdiNameLabel(vdi, text));
  }

  void vdiNameDescription(VdiUuid vdi, String text) throws StorageException {
    Names.check("name-description", text);
    change(vdi, w -> w.setVdiNameDescription(vdi, text));
  }

  void vdiReadOnly(VdiUuid vdi, boolean readOnly) throws StorageException {
    change(vdi, w -> w.setVdiReadOnly(vdi, readOnly));
  }

  void vdiSharable(VdiUuid vdi, boolean sharable) throws StorageException {
    change(vdi, w -> w.setVdiSharable(vdi, sharable));
  }

  void vdiTags(VdiUuid vdi, Set<String> tags) throws StorageException {
    Names.check("tags", tags);
    change(vdi, w -> w.setVdiTags(vdi, tags));
  }

  void vdiQosAlgorithmType(VdiUuid vdi, String algorithm) throws StorageException {
    QosParameters.checkAlgorithm(algorithm);
    change(vdi, w -> w.setVdiQosAlgorithmType(vdi, algorithm));
  }

  void vdiKey(VdiUuid vdi, VdiMap map, String key, String value) throws StorageException {
    Names.check(map.parameter(), key);
    Names.check(map.parameter(), value);
    if (map == VdiMap.QOS_ALGORITHM_PARAMS) {
      QosParameters.check(key, value);
    }
    change(vdi, w -> w.setVdiKey(vdi, map, key, value));
  }

  void vdiWithoutKey(VdiUuid vdi, VdiMap map, String key) throws StorageException {
    Names.check(map.parameter(), key);
    change(vdi, w -> w.unsetVdiKey(vdi, map, key));
  }

  void srNameLabel(SrUuid sr, String text) throws StorageException {
    Names.check("name-label", text);
    change(sr, w -> w.setSrNameLabel(sr, text));
  }

  void srNameDescription(SrUuid sr, String text) throws StorageException {
    Names.check("name-description", text);
    change(sr, w -> w.setSrNameDescription(sr, text));
  }

  void srTags(SrUuid sr, Set<String> tags) throws StorageException {
    Names.check("tags", tags);
    change(sr, w -> w.setSrTags(sr, tags));
  }

  void srKey(SrUuid sr, SrMap map, String key, String value) throws StorageException {
    Names.check(map.parameter(), key);
    Names.check(map.parameter(), value);
    change(sr, w -> w.setSrKey(sr, map, key, value));
  }

  void srWithoutKey(SrUuid sr, SrMap map, String key) throws StorageException {
    Names.check(map.parameter(), key);
    change(sr, w -> w.unsetSrKey(sr, map, key));
  }

  private void change(VdiUuid vdi, Catalog.Change change) throws StorageException {
    SrUuid sr = core.catalog().read(r -> r.vdi(vdi)).sr();
    try (var _ = core.locks().srShared(sr, "a parameter's change");
        var _ = core.locks().vdi(vdi, "a parameter's change")) {
      core.catalog()
          .write(w -> {
            VdiRecords.managed(w.read().vdi(vdi));
            change.apply(w);
            w.bumpMetadataGeneration(sr);
          });
      disks.limit(core.catalog().read(r -> r.vdi(vdi)));
      metadata.describe(sr);
    }
  }

  private void change(SrUuid sr, Catalog.Change change) throws StorageException {
    try (var _ = core.locks().srShared(sr, "a parameter's change")) {
      core.catalog()
          .write(w -> {
            w.read().sr(sr);
            change.apply(w);
            w.bumpMetadataGeneration(sr);
          });
      metadata.describe(sr);
    }
  }
}
