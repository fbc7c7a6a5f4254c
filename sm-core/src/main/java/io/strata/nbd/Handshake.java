// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The server's side of one handshake: fixed newstyle. Takes what the client sends, in whatever
/// pieces, and puts the answers into [#replies]; it does no input or output itself.
///
/// Source: `doc/proto.md`, "Fixed newstyle negotiation". For one thread.
final class Handshake {
  /// No option that this server knows needs more.
  private static final int MAX_OPTION_BYTES = 16 << 10;

  private static final int INITIAL_BYTES = 256;

  /// What follows for the client.
  enum Progress {
    /// It has to send more.
    GOES_ON,
    /// It is to be disconnected once it has its last reply.
    ENDS,
    /// It has chosen its export: [#negotiated] is there.
    CHOSEN
  }

  private final NbdExports exports;
  private final OptionReplies replies = new OptionReplies();
  private ByteBuffer received = ByteBuffer.allocate(INITIAL_BYTES);
  private boolean flagsSeen;
  private boolean zeroes = true;
  private boolean structuredReplies;

  /// The export for which base:allocation was chosen.
  private Optional<NbdExport> contextExport = Optional.empty();

  private Optional<Negotiated> negotiated = Optional.empty();

  Handshake(NbdExports exports) {
    this.exports = exports;
    replies.greeting();
  }

  OptionReplies replies() {
    return replies;
  }

  Optional<Negotiated> negotiated() {
    return negotiated;
  }

  /// Room for what the client sends next.
  ByteBuffer room() {
    return received;
  }

  /// Works off what was put into [#room].
  ///
  /// @throws IOException the client breaks the protocol: it is to be disconnected
  Progress advance() throws IOException {
    received.flip();
    Progress progress = Progress.GOES_ON;
    while (progress == Progress.GOES_ON && messageComplete()) {
      progress = flagsSeen ? option() : clientFlags();
    }
    if (progress != Progress.CHOSEN) {
      makeRoom();
    }
    return progress;
  }

  private boolean messageComplete() throws IOException {
    if (!flagsSeen) {
      return received.remaining() >= NbdWire.CLIENT_FLAGS_BYTES;
    }
    if (received.remaining() >= Long.BYTES
        && received.getLong(received.position()) != NbdWire.IHAVEOPT) {
      throw new IOException(
          "option magic 0x%016x".formatted(received.getLong(received.position())));
    }
    return received.remaining() >= NbdWire.OPTION_HEADER_BYTES
        && received.remaining() >= NbdWire.OPTION_HEADER_BYTES + optionLength();
  }

  private int optionLength() throws IOException {
    long length =
        Integer.toUnsignedLong(received.getInt(received.position() + NbdWire.OPTION_LENGTH));
    if (length > MAX_OPTION_BYTES) {
      throw new IOException("option of %d bytes, at most %d".formatted(length, MAX_OPTION_BYTES));
    }
    return (int) length;
  }

  private void makeRoom() throws IOException {
    int needed = NbdWire.OPTION_HEADER_BYTES;
    if (flagsSeen && received.remaining() >= NbdWire.OPTION_HEADER_BYTES) {
      needed += optionLength();
    }
    if (needed > received.capacity()) {
      received = ByteBuffer.allocate(needed).put(received);
    } else {
      received.compact();
    }
  }

  private Progress clientFlags() throws IOException {
    int flags = received.getInt();
    if ((flags & ~(NbdWire.FLAG_FIXED_NEWSTYLE | NbdWire.FLAG_NO_ZEROES)) != 0) {
      throw new IOException("client flags 0x%08x".formatted(flags));
    }
    flagsSeen = true;
    zeroes = (flags & NbdWire.FLAG_NO_ZEROES) == 0;
    return Progress.GOES_ON;
  }

  private Progress option() throws IOException {
    int option = received.getInt(received.position() + NbdWire.OPTION_NUMBER);
    int length = optionLength();
    ByteBuffer data = received.slice(received.position() + NbdWire.OPTION_HEADER_BYTES, length);
    received.position(received.position() + NbdWire.OPTION_HEADER_BYTES + length);
    try {
      return option(option, data);
    } catch (BufferUnderflowException | CharacterCodingException malformed) {
      if (option == NbdWire.OPT_EXPORT_NAME) {
        throw new IOException("malformed export name", malformed);
      }
      return refuse(option, NbdWire.REP_ERR_INVALID, "malformed option");
    }
  }

  private Progress option(int option, ByteBuffer data) throws IOException {
    return switch (option) {
      case NbdWire.OPT_EXPORT_NAME -> exportName(data);
      case NbdWire.OPT_ABORT -> {
        replies.acknowledge(option);
        yield Progress.ENDS;
      }
      case NbdWire.OPT_LIST -> list(option, data);
      case NbdWire.OPT_STRUCTURED_REPLY -> structuredReply(option, data);
      case NbdWire.OPT_INFO, NbdWire.OPT_GO -> info(option, data);
      case NbdWire.OPT_LIST_META_CONTEXT, NbdWire.OPT_SET_META_CONTEXT -> metaContext(option, data);
      default -> refuse(option, NbdWire.REP_ERR_UNSUP, "unknown option");
    };
  }

  private Progress exportName(ByteBuffer data) throws IOException {
    String name = text(data, data.remaining());
    NbdExport export =
        exports.find(name).orElseThrow(() -> new IOException("no export of that name"));
    replies.exportName(export.device().sizeBytes(), transmissionFlags(export), zeroes);
    return choose(export);
  }

  private Progress list(int option, ByteBuffer data) {
    if (data.hasRemaining()) {
      return refuse(option, NbdWire.REP_ERR_INVALID, "a list takes no data");
    }
    for (NbdExport export : exports.all()) {
      replies.server(option, export.name(), export.description());
    }
    return acknowledge(option);
  }

  private Progress structuredReply(int option, ByteBuffer data) {
    if (data.hasRemaining()) {
      return refuse(option, NbdWire.REP_ERR_INVALID, "structured replies take no data");
    }
    structuredReplies = true;
    return acknowledge(option);
  }

  private Progress info(int option, ByteBuffer data) throws CharacterCodingException {
    String name = text(data, data.getInt());
    int wanted = data.getShort() & 0xFFFF;
    boolean nameWanted = false;
    boolean descriptionWanted = false;
    for (int i = 0; i < wanted; i++) {
      int type = data.getShort() & 0xFFFF;
      nameWanted |= type == NbdWire.INFO_NAME;
      descriptionWanted |= type == NbdWire.INFO_DESCRIPTION;
    }
    if (data.hasRemaining()) {
      return refuse(option, NbdWire.REP_ERR_INVALID, "data behind the list of information wanted");
    }
    Optional<NbdExport> found = exports.find(name);
    if (found.isEmpty()) {
      return refuse(option, NbdWire.REP_ERR_UNKNOWN, "no export of that name");
    }
    NbdExport export = found.get();
    replies.infoExport(option, export.device().sizeBytes(), transmissionFlags(export));
    replies.infoBlockSize(option);
    if (nameWanted) {
      replies.infoText(option, NbdWire.INFO_NAME, export.name());
    }
    if (descriptionWanted && !export.description().isEmpty()) {
      replies.infoText(option, NbdWire.INFO_DESCRIPTION, export.description());
    }
    acknowledge(option);
    return option == NbdWire.OPT_GO ? choose(export) : Progress.GOES_ON;
  }

  private Progress metaContext(int option, ByteBuffer data) throws CharacterCodingException {
    boolean choosing = option == NbdWire.OPT_SET_META_CONTEXT;
    if (choosing) {
      contextExport = Optional.empty();
    }
    if (!structuredReplies) {
      return refuse(option, NbdWire.REP_ERR_INVALID, "negotiate structured replies first");
    }
    String name = text(data, data.getInt());
    List<String> queries = new ArrayList<>();
    for (int left = data.getInt(); left > 0; left--) {
      queries.add(text(data, data.getInt()));
    }
    if (data.hasRemaining()) {
      return refuse(option, NbdWire.REP_ERR_INVALID, "data behind the queries");
    }
    Optional<NbdExport> export = exports.find(name);
    if (export.isEmpty()) {
      return refuse(option, NbdWire.REP_ERR_UNKNOWN, "no export of that name");
    }
    boolean matches = queries.contains(NbdWire.BASE_ALLOCATION);
    boolean listed = !choosing && (queries.isEmpty() || queries.contains("base:"));
    if (matches || listed) {
      replies.metaContext(
          option, choosing ? NbdWire.BASE_ALLOCATION_ID : 0, NbdWire.BASE_ALLOCATION);
    }
    if (matches && choosing) {
      contextExport = export;
    }
    return acknowledge(option);
  }

  private Progress acknowledge(int option) {
    replies.acknowledge(option);
    return Progress.GOES_ON;
  }

  private Progress refuse(int option, int replyType, String message) {
    replies.refuse(option, replyType, message);
    return Progress.GOES_ON;
  }

  private Progress choose(NbdExport export) {
    boolean baseAllocation = contextExport.filter(export::equals).isPresent();
    negotiated =
        Optional.of(new Negotiated(export, structuredReplies, baseAllocation, received.slice()));
    return Progress.CHOSEN;
  }

  private int transmissionFlags(NbdExport export) {
    int flags =
        NbdWire.TRANSMISSION_HAS_FLAGS
            | NbdWire.TRANSMISSION_SEND_FLUSH
            | NbdWire.TRANSMISSION_SEND_FUA
            | NbdWire.TRANSMISSION_CAN_MULTI_CONN
            | NbdWire.TRANSMISSION_SEND_CACHE;
    if (structuredReplies) {
      flags |= NbdWire.TRANSMISSION_SEND_DF;
    }
    return flags
        | (export.device().readOnly()
            ? NbdWire.TRANSMISSION_READ_ONLY
            : NbdWire.TRANSMISSION_SEND_TRIM
                | NbdWire.TRANSMISSION_SEND_WRITE_ZEROES
                | NbdWire.TRANSMISSION_SEND_FAST_ZERO);
  }

  private static String text(ByteBuffer data, int length) throws CharacterCodingException {
    if (length < 0 || length > data.remaining() || length > NbdWire.MAXIMUM_STRING_BYTES) {
      throw new BufferUnderflowException();
    }
    ByteBuffer bytes = data.slice(data.position(), length);
    data.position(data.position() + length);
    return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
  }
}
