// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import static io.strata.nbd.PollingPolicy.Pollers.PROCESS;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Optional;

/// The transmission phase of one connection, on a thread of its own.
///
/// Requests are taken in bursts: whatever one read of the socket brought. The thread is never
/// interrupted, since that would close the files it reads. Owns the channel. Source:
/// `doc/proto.md`, "Transmission".
final class Transmission implements ExportConnection {
  private static final Logger LOGGER = System.getLogger(Transmission.class.getName());

  /// After a part of a payload that is longer, the rest starts at a multiple of this.
  private static final int PART_ALIGNMENT_BYTES = 4096;

  /// A payload is written in parts of at most this, which stay in a processor's cache from the
  /// socket to the page cache.
  private static final int PART_BYTES = 128 << 10;

  private final SocketChannel channel;
  private final PolledSocket socket;
  private final NbdExport export;
  private final Negotiated negotiated;
  private final ConnectionSet serverConnections;
  private final RequestCounters counters = new RequestCounters();
  private final RequestGate.Pass pass;
  private final RequestBuffer requests;
  private final Burst burst;
  private final ReadCommands reads;
  private final ChangeCommands changes;
  private final QueryCommands queries;

  /// Whether the connection is to end: nothing holds it up any more.
  private volatile boolean ending;

  /// The channel is blocking, and belongs to the new object.
  Transmission(SocketChannel channel, Negotiated negotiated, ConnectionSet serverConnections) {
    this.channel = channel;
    this.negotiated = negotiated;
    this.serverConnections = serverConnections;
    export = negotiated.export();
    pass = export.gate().newPass();
    socket = new PolledSocket(channel, new PollingPolicy(PROCESS), new PollingPolicy(PROCESS));
    requests = new RequestBuffer(socket, negotiated.leftover());
    boolean structured = negotiated.structuredReplies();
    burst = new Burst(export, pass, new ReplyBatch(socket, structured), counters);
    BlockStatus status = new BlockStatus();
    reads = new ReadCommands(burst, new LargeReads(socket, structured, burst, status));
    changes = new ChangeCommands(burst);
    queries = new QueryCommands(burst, status);
  }

  @Override
  public RequestCounters counters() {
    return counters;
  }

  @Override
  public void finish() {
    ending = true;
    try {
      channel.shutdownInput();
    } catch (IOException alreadyClosed) {
      LOGGER.log(Level.TRACE, "connection is closed already", alreadyClosed);
    }
  }

  @Override
  public void cut() {
    ending = true;
    try {
      channel.close();
    } catch (IOException failure) {
      LOGGER.log(Level.DEBUG, "closing a connection of export " + export.name(), failure);
    }
  }

  /// Serves the client until it is gone, beginning with what is left of its handshake's replies.
  void run(OptionReplies greetings) {
    try {
      if (serverConnections.add(this) && export.connectionSet().add(this)) {
        ByteBuffer pending = greetings.pending();
        while (pending.hasRemaining()) {
          channel.write(pending);
        }
        serve();
      }
    } catch (IOException ended) {
      LOGGER.log(Level.DEBUG, "connection to export " + export.name() + " ended", ended);
    } catch (RuntimeException bug) {
      LOGGER.log(Level.ERROR, "connection to export " + export.name() + " failed", bug);
    } finally {
      pass.leave();
      export.gate().forget(pass);
      cut();
      export.connectionSet().remove(this);
      serverConnections.remove(this);
    }
  }

  private void serve() throws IOException {
    boolean more = true;
    burst.begin();
    while (more && await(NbdWire.REQUEST_BYTES)) {
      more = execute();
      burst.flushIfDue();
      burst.makeRoom(0);
      burst.sendIfLate();
    }
    endBurst();
  }

  /// Makes sure that so many bytes are there; ends the burst where it must wait for them.
  private boolean await(int bytes) throws IOException {
    if (requests.holds(bytes)) {
      return true;
    }
    endBurst();
    boolean there = requests.await(bytes);
    burst.begin();
    return there;
  }

  private void endBurst() throws IOException {
    reads.finish();
    burst.end();
    socket.served(burst.received() <= 1);
  }

  /// @return whether to go on
  private boolean execute() throws IOException {
    if (requests.intAt(0) != NbdWire.REQUEST_MAGIC) {
      throw new IOException("request magic 0x%08x".formatted(requests.intAt(0)));
    }
    int flags = requests.shortAt(NbdWire.REQUEST_FLAGS) & 0xFFFF;
    int type = requests.shortAt(NbdWire.REQUEST_TYPE) & 0xFFFF;
    long cookie = requests.longAt(NbdWire.REQUEST_COOKIE);
    long offset = requests.longAt(NbdWire.REQUEST_OFFSET);
    long length = Integer.toUnsignedLong(requests.intAt(NbdWire.REQUEST_LENGTH));
    requests.skip(NbdWire.REQUEST_BYTES);
    if (type == NbdWire.CMD_DISC) {
      return false;
    }
    burst.receive();
    if (export.throttle().isOn()) {
      throttle(type, length, flags);
    }
    if (type == NbdWire.CMD_READ) {
      read(cookie, offset, length, flags);
      return true;
    }
    reads.finish();
    if (type == NbdWire.CMD_WRITE) {
      return write(cookie, offset, length, flags);
    }
    executeOther(type, cookie, offset, length, flags);
    return true;
  }

  private void throttle(int type, long length, int flags) throws IOException {
    Throttle.Admission admission = export.throttle().request(movedBytes(type, length, flags));
    if (!admission.isImmediate()) {
      reads.finish();
      burst.throttle(admission, () -> ending);
    }
  }

  /// What a request counts for beside being one. A hole costs nothing to make.
  private static long movedBytes(int type, long length, int flags) {
    return switch (type) {
      case NbdWire.CMD_READ, NbdWire.CMD_WRITE, NbdWire.CMD_CACHE ->
          Math.min(length, NbdWire.MAXIMUM_PAYLOAD_BYTES);
      case NbdWire.CMD_WRITE_ZEROES -> (flags & NbdWire.CMD_FLAG_NO_HOLE) != 0 ? length : 0;
      default -> 0;
    };
  }

  private void executeOther(int type, long cookie, long offset, long length, int flags)
      throws IOException {
    if (!flagsAllowed(type, flags)) {
      burst.fail(cookie, NbdError.INVALID);
      return;
    }
    boolean durable = (flags & NbdWire.CMD_FLAG_FUA) != 0;
    switch (type) {
      case NbdWire.CMD_FLUSH -> changes.flush(cookie);
      case NbdWire.CMD_TRIM -> changes.trim(cookie, offset, length, durable);
      case NbdWire.CMD_WRITE_ZEROES -> changes.writeZeroes(cookie, offset, length, flags);
      case NbdWire.CMD_CACHE -> {
        if (!refused(cookie, offset, length)) {
          queries.cache(cookie, offset, length);
        }
      }
      case NbdWire.CMD_BLOCK_STATUS -> {
        if (!refused(cookie, offset, length)) {
          queries.blockStatus(cookie, offset, length, (flags & NbdWire.CMD_FLAG_REQ_ONE) != 0);
        }
      }
      default -> burst.fail(cookie, NbdError.INVALID);
    }
  }

  private boolean flagsAllowed(int type, int flags) {
    int allowed =
        NbdWire.CMD_FLAG_FUA
            | switch (type) {
              case NbdWire.CMD_READ -> negotiated.structuredReplies() ? NbdWire.CMD_FLAG_DF : 0;
              case NbdWire.CMD_WRITE_ZEROES ->
                  NbdWire.CMD_FLAG_NO_HOLE | NbdWire.CMD_FLAG_FAST_ZERO;
              case NbdWire.CMD_BLOCK_STATUS -> NbdWire.CMD_FLAG_REQ_ONE;
              default -> 0;
            };
    boolean contextChosen = type != NbdWire.CMD_BLOCK_STATUS || negotiated.baseAllocation();
    return (flags & ~allowed) == 0 && contextChosen;
  }

  private void read(long cookie, long offset, long length, int flags) throws IOException {
    boolean tooLong = length > NbdWire.MAXIMUM_PAYLOAD_BYTES;
    if (tooLong || !flagsAllowed(NbdWire.CMD_READ, flags)) {
      burst.count(RequestCounters.READS, 1);
      burst.fail(cookie, NbdError.INVALID);
      return;
    }
    if (refused(cookie, offset, length)) {
      burst.count(RequestCounters.READS, 1);
      return;
    }
    reads.read(cookie, offset, (int) length, (flags & NbdWire.CMD_FLAG_DF) != 0);
  }

  /// Answers a request that does not change anything if its range can't be served.
  private boolean refused(long cookie, long offset, long length) {
    Optional<NbdError> refusal =
        RangeCheck.refusal(offset, length, burst.device().sizeBytes(), NbdError.INVALID);
    refusal.ifPresent(error -> burst.fail(cookie, error));
    return refusal.isPresent();
  }

  /// Takes a write's payload part by part as it arrives; after an error the rest is dropped.
  ///
  /// @return false if the client is gone
  private boolean write(long cookie, long offset, long length, int flags) throws IOException {
    boolean tooLong = length > NbdWire.MAXIMUM_PAYLOAD_BYTES;
    Optional<NbdError> error =
        tooLong || !flagsAllowed(NbdWire.CMD_WRITE, flags)
            ? Optional.of(NbdError.INVALID)
            : changes.refusal(offset, length, NbdError.NO_SPACE);
    long done = 0;
    socket.inPayload(true);
    while (done < length) {
      int part = partBytes(offset + done, length - done);
      if (!await(part)) {
        return false;
      }
      if (error.isEmpty()) {
        ByteBuffer payload = requests.peek(part);
        error = changes.write(offset + done, payload);
      }
      requests.skip(part);
      done += part;
    }
    socket.inPayload(false);
    burst.count(RequestCounters.WRITES, 1);
    if (error.isPresent()) {
      burst.fail(cookie, error.get());
      return true;
    }
    burst.count(RequestCounters.WRITTEN_BYTES, length);
    changes.succeed(cookie, (flags & NbdWire.CMD_FLAG_FUA) != 0);
    return true;
  }

  private static int partBytes(long offset, long remaining) {
    if (remaining <= PART_BYTES) {
      return (int) remaining;
    }
    return PART_BYTES - (int) (offset & (PART_ALIGNMENT_BYTES - 1));
  }
}
