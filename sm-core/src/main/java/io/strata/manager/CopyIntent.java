// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.IntentRecord;
import io.strata.catalog.VdiRecord;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// What a `vdi-copy` is about to do, as its intent keeps it.
///
/// @param source the disk that is read
/// @param content names the source's content when the copy began: with another one it can't go on
/// @param sourceBytes the source's size then, where it is known
/// @param base what the target held at first, where only what differs from it is copied
/// @param targetSr the SR of the target
/// @param create the new disk; or `into`
/// @param into the disk that is written over, and its content's name until the copy is complete
/// @param verify whether the copy is read back
/// @param moves whether the source goes once the copy is complete
record CopyIntent(
    VdiUuid source,
    String content,
    OptionalLong sourceBytes,
    Optional<Base> base,
    SrUuid targetSr,
    Optional<VdiRecord> create,
    Optional<Into> into,
    boolean verify,
    boolean moves) {
  private static final String CONTENT = "content";
  private static final String BASE_CONTENT = "base-content";
  private static final String INTO = "into";
  private static final String INTO_CONTENT = "into-content";
  private static final String VERIFY = "verify";
  private static final String MOVES = "moves";
  private static final String COPIED = "copied:";

  /// A disk that is written over.
  ///
  /// @param content its content's name while it is written; another one says that somebody else
  ///   wrote to it
  record Into(VdiUuid vdi, String content) {}

  /// A disk that holds what the target held at first.
  ///
  /// @param content names its content when the copy began: with another one, what differs from it
  ///   is not what the target lacks
  record Base(VdiUuid vdi, String content) {}

  /// The disk that is written.
  VdiUuid target() {
    return create.map(VdiRecord::uuid).or(() -> into.map(Into::vdi)).orElseThrow();
  }

  Map<String, String> arguments() {
    Map<String, String> arguments = new HashMap<>();
    arguments.put(Replay.SOURCE, source.toString());
    arguments.put(CONTENT, content);
    sourceBytes.ifPresent(bytes -> arguments.put(Replay.SIZE_BYTES, Long.toString(bytes)));
    base.ifPresent(below -> {
      arguments.put(Replay.BASE, below.vdi().toString());
      arguments.put(BASE_CONTENT, below.content());
    });
    create.ifPresent(vdi -> arguments.put(Replay.NEW_VDI, VdiJson.text(vdi)));
    into.ifPresent(over -> {
      arguments.put(INTO, over.vdi().toString());
      arguments.put(INTO_CONTENT, over.content());
    });
    arguments.put(VERIFY, Boolean.toString(verify));
    arguments.put(MOVES, Boolean.toString(moves));
    return arguments;
  }

  static CopyIntent parse(IntentRecord record) throws StorageException {
    Map<String, String> arguments = record.arguments();
    boolean over = arguments.containsKey(INTO);
    String content = Replay.text(record, CONTENT);
    return new CopyIntent(
        Replay.vdi(record, Replay.SOURCE),
        content,
        arguments.containsKey(Replay.SIZE_BYTES)
            ? OptionalLong.of(Long.parseLong(Replay.text(record, Replay.SIZE_BYTES)))
            : OptionalLong.empty(),
        arguments.containsKey(Replay.BASE)
            ? Optional.of(
                new Base(Replay.vdi(record, Replay.BASE), Replay.text(record, BASE_CONTENT)))
            : Optional.empty(),
        record.sr(),
        over ? Optional.empty() : Optional.of(Replay.newVdi(record).withContentId(named(content))),
        over
            ? Optional.of(new Into(Replay.vdi(record, INTO), Replay.text(record, INTO_CONTENT)))
            : Optional.empty(),
        Boolean.parseBoolean(Replay.text(record, VERIFY)),
        Boolean.parseBoolean(Replay.text(record, MOVES)));
  }

  private static Optional<String> named(String content) {
    return Optional.of(content);
  }

  /// The same copy, read back.
  CopyIntent verified() {
    return new CopyIntent(source, content, sourceBytes, base, targetSr, create, into, true, moves);
  }

  /// Whether a source has the size that it had when the copy began: its target was made for that.
  boolean fits(VdiRecord now) {
    return sourceBytes.isEmpty() || sourceBytes.getAsLong() == now.virtualSizeBytes();
  }

  /// Whether this is what a request asks for, read back or not.
  boolean answers(VdiCopy request, boolean move) {
    return moves == move
        && source.equals(request.source())
        && base.map(Base::vdi).equals(request.base())
        && into.map(Into::vdi).equals(request.intoVdi())
        && request.sr().map(targetSr::equals).orElse(true)
        && (request.nameLabel().isEmpty()
            || create.map(VdiRecord::nameLabel).equals(request.nameLabel()));
  }

  /// The step that says how far the copy is.
  static String step(long copiedBytes) {
    return COPIED + copiedBytes;
  }

  /// How far an intent's copy is durable: 0 where it has just begun.
  static long copiedBytes(IntentRecord record) {
    return record.step().startsWith(COPIED)
        ? Long.parseLong(record.step().substring(COPIED.length()))
        : 0;
  }
}
