// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.block.BlockDevice;
import io.strata.block.DeviceComparison;
import io.strata.catalog.Catalog;
import io.strata.catalog.IntentRecord;
import io.strata.catalog.VdiRecord;
import io.strata.spi.AccessMode;
import io.strata.spi.ErrorCode;
import io.strata.spi.Repository;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// The steps of one copy. Each caller sees to it that no other works on the same target.
final class CopySteps {
  private static final System.Logger LOG = System.getLogger(CopySteps.class.getName());
  static final String VERB = Operation.VDI_COPY.verb();

  private final Core core;
  private final Intents intents;
  private final VolumeResults results;
  private final TransferDisks disks;

  private final Removal removal;

  /// Destroys the source of a move.
  @FunctionalInterface
  interface Removal {
    /// @param source claimed by the caller
    /// @param intent of its destruction
    void destroy(VdiRecord source, Intents.Intent intent) throws StorageException;
  }

  CopySteps(
      Core core, Intents intents, VolumeResults results, TransferDisks disks, Removal removal) {
    this.removal = removal;
    this.core = core;
    this.intents = intents;
    this.results = results;
    this.disks = disks;
  }

  /// Records a copy and does it.
  void begin(CopyIntent copy, CopyRun run) throws StorageException {
    VdiRecord source = source(copy);
    try (Claims.Claim reading = claimSource(copy, source);
        Claims.Claim _ = claimBase(copy);
        Claims.Claim writing = claimTarget(copy)) {
      nameContents(copy, source);
      try (Intents.Intent intent =
          intents.begin(Operation.VDI_COPY, copy.targetSr(), copy.arguments())) {
        perform(copy, source, new Hold(reading, writing), intent, 0, run);
      }
    }
  }

  /// Goes on with a copy that broke off. One that can't go on is given up.
  ///
  /// @return whether the copy is complete
  boolean goOn(IntentRecord left, CopyIntent copy, CopyRun run) throws StorageException {
    if (!unchanged(copy)) {
      giveUp(left, copy);
      return false;
    }
    VdiRecord source = source(copy);
    try (Claims.Claim reading = claimSource(copy, source);
        Claims.Claim _ = claimBase(copy);
        Claims.Claim writing = claimTarget(copy)) {
      // Once more: up to the claims anybody might have attached one of them.
      if (!unchanged(copy)) {
        giveUp(left, copy);
        return false;
      }
      try (Intents.Intent intent = intents.resume(left)) {
        Hold hold = new Hold(reading, writing);
        perform(copy, source, hold, intent, CopyIntent.copiedBytes(left), run);
      }
    }
    return true;
  }

  /// Whether source, base and target hold what they held when the copy broke off.
  private boolean unchanged(CopyIntent copy) throws StorageException {
    boolean sameSource =
        known(copy.source(), copy.content())
            .filter(vdi -> !vdi.metadataOnly() && copy.fits(vdi))
            .isPresent();
    boolean sameBase = sameBase(copy);
    Optional<VdiRecord> target = core.catalog().read(r -> r.findVdi(copy.target()));
    boolean sameTarget =
        copy.into().isEmpty()
            ? target.isEmpty()
            : target
                .flatMap(VdiRecord::contentId)
                .equals(copy.into().map(CopyIntent.Into::content));
    boolean same = sameSource && sameBase && sameTarget;
    if (!same) {
      LOG.log(
          System.Logger.Level.WARNING,
          "VDI {0}: its copy to {1} can''t go on: the {2} was changed since",
          copy.source(),
          copy.target(),
          sameSource ? sameBase ? "target" : "base" : "source");
    }
    return same;
  }

  /// A base that is the target itself is written: what differed from it at first still does, or is
  /// copied.
  private boolean sameBase(CopyIntent copy) throws StorageException {
    Optional<CopyIntent.Base> base = copy.base();
    return base.isEmpty()
        || base.get().vdi().equals(copy.target())
        || known(base.get().vdi(), base.get().content()).isPresent();
  }

  /// A disk, if it holds a content.
  private Optional<VdiRecord> known(VdiUuid vdi, String content) throws StorageException {
    return core.catalog()
        .read(r -> r.findVdi(vdi))
        .filter(VdiRecord::managed)
        .filter(known -> known.knownContent().equals(Optional.of(content)));
  }

  /// Gives up a copy that broke off: a new disk's volume goes; a disk that was written over keeps
  /// what it got.
  void giveUp(IntentRecord left, CopyIntent copy) throws StorageException {
    try (Intents.Intent intent = intents.resume(left)) {
      takeBack(copy);
      intent.drop();
    }
    LOG.log(System.Logger.Level.INFO, "VDI {0}: its copy was given up", copy.source());
  }

  /// Whether a copy whose intent is gone had come to its end.
  boolean complete(CopyIntent copy) throws StorageException {
    return core.catalog()
        .read(r -> r.findVdi(copy.target()))
        .filter(VdiRecord::managed)
        .filter(
            vdi -> copy.create().isPresent() || vdi.contentId().equals(Optional.of(copy.content())))
        .isPresent();
  }

  private VdiRecord source(CopyIntent copy) throws StorageException {
    return VdiRecords.withData(core.catalog().read(r -> r.vdi(copy.source())));
  }

  private record Hold(Claims.Claim source, Claims.Claim target) {}

  private Claims.Claim claimSource(CopyIntent copy, VdiRecord source) throws StorageException {
    return copy.moves() ? disks.claimToMove(source, VERB) : disks.claimForReading(source, VERB);
  }

  /// Nobody changes what the source is compared with.
  private Claims.Claim claimBase(CopyIntent copy) throws StorageException {
    Optional<VdiUuid> base =
        copy.base().map(CopyIntent.Base::vdi).filter(vdi -> !vdi.equals(copy.target()));
    return base.isPresent()
        ? disks.claimForReading(core.catalog().read(r -> r.vdi(base.get())), VERB)
        : core.claims().none(copy.targetSr(), copy.target(), VERB);
  }

  private Claims.Claim claimTarget(CopyIntent copy) throws StorageException {
    if (copy.create().isPresent()) {
      return core.claims().writing(copy.targetSr(), copy.target(), VERB);
    }
    return disks.claimForWriting(core.catalog().read(r -> r.vdi(copy.target())), VERB);
  }

  /// The disks are claimed: nobody writes to them meanwhile.
  private void nameContents(CopyIntent copy, VdiRecord source) throws StorageException {
    core.catalog()
        .write(w -> {
          VdiRecord now = w.read().vdi(source.uuid());
          assertStill(now, source.knownContent());
          if (!copy.fits(now)) {
            throw usedMeanwhile(now);
          }
          if (copy.base().isPresent()) {
            CopyIntent.Base base = copy.base().get();
            assertStill(w.read().vdi(base.vdi()), Optional.of(base.content()));
            // What is not copied must be there already.
            assertStill(w.read().vdi(copy.target()), Optional.of(base.content()));
          }
          if (now.knownContent().isEmpty()) {
            w.setVdiContentId(source.uuid(), Optional.of(copy.content()));
          }
          if (copy.into().isPresent()) {
            w.setVdiContentId(copy.target(), Optional.of(copy.into().get().content()));
          }
        });
  }

  private static void assertStill(VdiRecord vdi, Optional<String> content) throws StorageException {
    if (!vdi.knownContent().equals(content)) {
      throw usedMeanwhile(vdi);
    }
  }

  private static StorageException usedMeanwhile(VdiRecord vdi) {
    return new StorageException(
        ErrorCode.VDI_IN_USE,
        "VDI " + vdi.uuid() + " was in use a moment ago.",
        "Send the request again.");
  }

  private void perform(
      CopyIntent copy,
      VdiRecord source,
      Hold hold,
      Intents.Intent intent,
      long copiedBytes,
      CopyRun run)
      throws StorageException {
    CopyCursor cursor = new CopyCursor(disks, run, intent, copiedBytes);
    try (Intents.Intent sourceRemoval = intents.following(Operation.VDI_DESTROY, source.sr())) {
      try {
        if (copy.create().isPresent() && disks.create(hold.target(), copy.create().get())) {
          cursor.rewind();
        }
        if (cursor.durableBytes() == 0) {
          intent.reached("created");
        }
        try (BlockDevice from = disks.open(hold.source(), source, AccessMode.RO);
            BlockDevice to = disks.open(hold.target(), target(copy), AccessMode.RW)) {
          cursor.copy(copy, source, from, to);
          if (copy.verify()) {
            verify(from, to, run);
          }
        } catch (IOException e) {
          throw TransferFailures.of(VERB, e);
        }
        commit(copy, source, sourceRemoval, intent);
      } catch (StorageException e) {
        if (cursor.durableBytes() > 0 && canGoOn(e)) {
          throw resumable(intent, cursor.durableBytes(), source.virtualSizeBytes(), e);
        }
        intent.undo(e, () -> takeBack(copy));
        throw e;
      }
      if (copy.moves()) {
        destroy(copy, source, sourceRemoval);
      }
    }
  }

  /// Whether a failed copy may be sent again to go on from where it was.
  private static boolean canGoOn(StorageException failure) {
    return !(failure.getCause() instanceof DifferentException
        || failure.getCause() instanceof CancelledException);
  }

  private void destroy(CopyIntent copy, VdiRecord source, Intents.Intent intent)
      throws StorageException {
    intent.passed("recorded");
    try {
      removal.destroy(source, intent);
    } catch (StorageException e) {
      throw new StorageException(
          e.code(),
          "VDI "
              + copy.target()
              + " holds all of VDI "
              + source.uuid()
              + ", which is still there: "
              + e.what(),
          "Use the new VDI. If vdi-list still shows the old one, run vdi-destroy uuid="
              + source.uuid()
              + ".",
          e);
    }
  }

  private VdiRecord target(CopyIntent copy) throws StorageException {
    return copy.create().isPresent()
        ? copy.create().get()
        : core.catalog().read(r -> r.vdi(copy.target()));
  }

  /// A disk that the catalog knows is not what a copy left half made.
  private void takeBack(CopyIntent copy) throws StorageException {
    if (copy.create().isPresent() && core.catalog().read(r -> r.findVdi(copy.target())).isEmpty()) {
      disks.remove(copy.create().get(), VERB);
    }
  }

  private static StorageException resumable(
      Intents.Intent intent, long copiedBytes, long sizeBytes, StorageException e) {
    return new StorageException(
        e.code(),
        e.what() + " " + copiedBytes + " of " + sizeBytes + " bytes are copied and kept.",
        "When that is mended, send the same request again to go on from there, or run task-cancel"
            + " uuid="
            + intent.id()
            + " to give the copy up.",
        e);
  }

  private static void verify(BlockDevice source, BlockDevice copy, CopyRun run) throws IOException {
    long sizeBytes = copy.sizeBytes();
    OptionalLong difference =
        DeviceComparison.firstDifference(
            source,
            copy,
            end -> {
              run.progress(end, sizeBytes);
              run.checkWanted();
            });
    if (difference.isPresent()) {
      throw new DifferentException(difference.getAsLong());
    }
  }

  private static Map<String, String> destroyed(VdiRecord source) {
    return Map.of(Replay.SOURCE, source.uuid().toString());
  }

  /// What was copied does not read as its source: going on would be of no use.
  private static final class DifferentException extends IOException {
    private static final long serialVersionUID = 1L;

    DifferentException(long offsetBytes) {
      super("the copy differs from its source at byte " + offsetBytes);
    }
  }

  private void commit(
      CopyIntent copy, VdiRecord source, Intents.Intent sourceRemoval, Intents.Intent intent)
      throws StorageException {
    try (var _ = core.locks().sr(copy.targetSr(), "the end of a copy")) {
      Repository repository = core.plugged().require(copy.targetSr());
      if (copy.create().isPresent()) {
        Catalog.Change added = results.added(repository, copy.create().get(), List.of());
        intent.commit(w -> {
          added.apply(w);
          if (copy.moves()) {
            sourceRemoval.record(w, destroyed(source));
          }
        });
        return;
      }
      Catalog.Change observed = results.observed(repository, copy.targetSr(), copy.target());
      intent.commit(w -> {
        observed.apply(w);
        w.setVdiContentId(copy.target(), Optional.of(copy.content()));
      });
    }
  }
}
