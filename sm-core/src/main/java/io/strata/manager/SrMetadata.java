// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.ErrorCode;
import io.strata.spi.Repository;
import io.strata.spi.SpaceStat;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// Keeps the description that an SR itself carries up to date with the catalog, so that another
/// host that introduces the SR finds names, keys and snapshot relations.
///
/// The catalog comes first. A description that can't be written does not undo what was done: the
/// SR's record says that it is out of date, and the next change or plug writes it again.
///
/// The description is written as a whole, which takes longer than many an operation on one of its
/// VDIs. So it rests after each writing: changes meanwhile wait for the end of that, and are
/// written together then, or when the SR is unplugged. Where a write can't begin, because another
/// one hangs, what is to be written waits for another rest.
final class SrMetadata {
  private static final System.Logger LOG = System.getLogger(SrMetadata.class.getName());

  private static final Duration REST = Duration.ofSeconds(1);

  private final Core core;

  /// The descriptions that rest, and whether changes wait for the end of that.
  private final Map<SrUuid, Boolean> resting = new ConcurrentHashMap<>();

  SrMetadata(Core core) {
    this.core = core;
  }

  /// Writes the description of an SR that is plugged here, and looks at its space; or leaves that
  /// to the end of its rest.
  void describe(SrUuid sr) {
    if (resting.computeIfPresent(sr, (_, _) -> true) != null) {
      return;
    }
    try (var _ = core.locks().metadata(sr)) {
      describeLocked(sr);
    } catch (StorageException e) {
      LOG.log(System.Logger.Level.WARNING, "SR {0}: {1}", sr, e.getMessage());
      resting.put(sr, true);
      settleLater(sr);
    }
  }

  /// Writes what waits. Nothing is being written after that.
  void settle(SrUuid sr) {
    try (var _ = core.locks().metadata(sr)) {
      if (Boolean.TRUE.equals(resting.remove(sr))) {
        describeLocked(sr);
      }
    } catch (StorageException e) {
      LOG.log(System.Logger.Level.WARNING, "SR {0}: {1}", sr, e.getMessage());
      if (resting.containsKey(sr)) {
        settleLater(sr);
      }
    }
  }

  private void describeLocked(SrUuid sr) throws StorageException {
    Optional<PluggedSrs.Plugged> plugged = core.plugged().find(sr);
    if (plugged.isEmpty()) {
      return;
    }
    Repository repository = plugged.get().repository();
    Optional<String> problem = write(sr, repository);
    Optional<SpaceStat> space = space(sr, repository);
    core.catalog()
        .write(w -> {
          if (space.isPresent()) {
            w.setSrSpace(sr, space.get().totalBytes(), space.get().usedBytes());
          }
          w.setSrProblem(sr, problem);
        });
    resting.putIfAbsent(sr, false);
    settleLater(sr);
  }

  private void settleLater(SrUuid sr) {
    Thread.ofVirtual()
        .name("describe-" + sr)
        .start(() -> {
          try {
            Thread.sleep(REST);
            settle(sr);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  private Optional<String> write(SrUuid sr, Repository repository) {
    try {
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

  private static Optional<SpaceStat> space(SrUuid sr, Repository repository) {
    try {
      return Optional.of(repository.stat());
    } catch (StorageException e) {
      LOG.log(System.Logger.Level.WARNING, "SR {0}: {1}", sr, e.getMessage());
      return Optional.empty();
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
