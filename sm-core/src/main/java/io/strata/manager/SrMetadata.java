// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.ErrorCode;
import io.strata.spi.Repository;
import io.strata.spi.SpaceStat;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import java.util.Optional;

/// Keeps the description that an SR itself carries up to date with the catalog, so that another
/// host that introduces the SR finds names, keys and snapshot relations.
///
/// The catalog comes first. A description that can't be written does not undo what was done: the
/// SR's record says that it is out of date, and the next change or plug writes it again.
final class SrMetadata {
  private static final System.Logger LOG = System.getLogger(SrMetadata.class.getName());

  private final Core core;

  SrMetadata(Core core) {
    this.core = core;
  }

  /// Writes the description of an SR that is plugged here, and looks at its space.
  void describe(SrUuid sr) {
    Optional<PluggedSrs.Plugged> plugged = core.plugged().find(sr);
    if (plugged.isEmpty()) {
      return;
    }
    try (var _ = core.locks().metadata(sr)) {
      Optional<String> problem = write(sr, plugged.get().repository());
      core.catalog().write(w -> w.setSrProblem(sr, problem));
    } catch (StorageException e) {
      LOG.log(System.Logger.Level.WARNING, "SR {0}: {1}", sr, e.getMessage());
    }
  }

  private Optional<String> write(SrUuid sr, Repository repository) {
    try {
      SpaceStat space = repository.stat();
      core.catalog().write(w -> w.setSrSpace(sr, space.totalBytes(), space.usedBytes()));
      SrDocument document =
          core.catalog().read(r -> SrDocument.of(r.sr(sr), r.metadataGeneration(sr), r.vdis(sr)));
      repository.metadata().write(document.toBytes());
      return Optional.empty();
    } catch (StorageException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "SR {0}: its own description is out of date: {1}",
          sr,
          e.getMessage());
      return Optional.of("The description on the SR is out of date. " + e.getMessage());
    }
  }

  /// The description that the SR carries, where it is newer than what the catalog holds.
  Optional<SrDocument> newer(SrUuid sr, Repository repository) throws StorageException {
    long known = core.catalog().read(r -> r.metadataGeneration(sr));
    try {
      Optional<byte[]> content = repository.metadata().read();
      if (content.isEmpty()) {
        return Optional.empty();
      }
      SrDocument document = SrDocument.parse(sr, content.get());
      return document.generation() > known ? Optional.of(document) : Optional.empty();
    } catch (StorageException e) {
      if (e.code() != ErrorCode.METADATA_ERROR) {
        throw e;
      }
      LOG.log(System.Logger.Level.WARNING, "SR {0}: {1}", sr, e.getMessage());
      return Optional.empty();
    }
  }
}
