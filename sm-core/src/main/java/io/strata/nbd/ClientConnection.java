// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;

/// One connection of a client: many threads send requests, and one thread of its own receives the
/// answers. Owns the channel.
final class ClientConnection {
  private static final Logger LOGGER = System.getLogger(ClientConnection.class.getName());
  private static final int MAX_INFLIGHT = 64;
  private static final int MAX_ERROR_CHUNK_BYTES = 64 << 10;

  private final SocketChannel channel;
  private final Duration timeout;
  private final Semaphore inflight = new Semaphore(MAX_INFLIGHT);
  private final ConcurrentHashMap<Long, ClientRequest> waiting = new ConcurrentHashMap<>();
  private final ReentrantLock sending = new ReentrantLock();

  // Guarded by sending.
  private final ByteBuffer header = ByteBuffer.allocateDirect(NbdWire.REQUEST_BYTES);
  private long lastCookie;

  /// Why the connection ended; empty while it lives.
  private volatile String end = "";

  private ClientConnection(SocketChannel channel, Duration timeout) {
    this.channel = channel;
    this.timeout = timeout;
  }

  /// A connection after its handshake.
  record Opened(ClientConnection connection, ClientHandshake.Terms terms) {}

  /// Leads the handshake on a connected channel.
  static Opened open(SocketChannel channel, String exportName, Duration timeout)
      throws IOException {
    ClientConnection connection = new ClientConnection(channel, timeout);
    CompletableFuture<ClientHandshake.Terms> terms = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .name("nbd-client-" + exportName)
        .start(() -> connection.receiveAll(exportName, terms));
    try {
      return new Opened(connection, terms.get(timeout.toMillis(), TimeUnit.MILLISECONDS));
    } catch (ExecutionException failure) {
      throw new IOException("NBD handshake failed: " + failure.getCause(), failure);
    } catch (TimeoutException failure) {
      throw new IOException("no NBD handshake within " + timeout, failure);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted in an NBD handshake", interrupted);
    }
  }

  /// Sends a request; [#await] must follow.
  void send(ClientRequest request) throws IOException {
    acquire();
    boolean sent = false;
    sending.lock();
    try {
      long cookie = ++lastCookie;
      header.clear();
      request.putHeader(header, cookie);
      waiting.put(cookie, request);
      if (!end.isEmpty()) {
        throw new IOException("%s: %s".formatted(request, end));
      }
      ByteBuffer[] message = {header.flip(), request.payload()};
      while (message[0].hasRemaining() || message[1].hasRemaining()) {
        channel.write(message);
      }
      sent = true;
    } finally {
      sending.unlock();
      if (!sent) {
        terminate("the request could not be sent");
      }
    }
  }

  private void acquire() throws IOException {
    try {
      if (!inflight.tryAcquire(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IOException("the NBD server did not answer within " + timeout);
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted before an NBD request", interrupted);
    }
  }

  /// Waits for the answer to a request that was sent; nothing touches its buffers afterwards.
  void await(ClientRequest request) throws IOException {
    try {
      if (!request.await(timeout.toMillis())) {
        terminate("no answer within " + timeout);
        boolean _ = request.await(timeout.toMillis());
      }
    } catch (InterruptedException interrupted) {
      terminate("interrupted");
      Thread.currentThread().interrupt();
      throw new IOException("interrupted in " + request, interrupted);
    }
  }

  /// Says goodbye, if anybody is left to hear it, and closes.
  void close() throws IOException {
    sending.lock();
    try {
      if (end.isEmpty()) {
        end = "closed";
        sayGoodbye();
      }
    } finally {
      sending.unlock();
      channel.close();
    }
  }

  /// Nothing depends on a goodbye, which has no answer: every request has had its own by then, and
  /// a server that is leaving, or whose end the receiving thread sees at this moment, needs none.
  private void sayGoodbye() {
    header.clear();
    new ClientRequest(NbdWire.CMD_DISC, 0, 0, 0, header).putHeader(header, 0);
    try {
      channel.write(header.flip());
    } catch (IOException alreadyGone) {
      LOGGER.log(Level.DEBUG, "the NBD server was gone before the goodbye", alreadyGone);
    }
  }

  private void terminate(String reason) {
    if (end.isEmpty()) {
      end = reason;
    }
    try {
      channel.close();
    } catch (IOException failure) {
      end = reason + ", " + failure.getMessage();
    }
  }

  private void receiveAll(String exportName, CompletableFuture<ClientHandshake.Terms> terms) {
    try (channel) {
      ClientInput input = new ClientInput(channel);
      terms.complete(new ClientHandshake(channel, input, exportName).negotiate());
      while (true) {
        receive(input);
      }
    } catch (IOException | RuntimeException failure) {
      terms.completeExceptionally(failure);
      terminate(failure.toString());
    } finally {
      abortWaiting();
    }
  }

  /// Nobody can add a request once the lock was held after the end.
  private void abortWaiting() {
    sending.lock();
    try {
      waiting.values().forEach(request -> request.abort(end));
      inflight.release(waiting.size());
      waiting.clear();
    } finally {
      sending.unlock();
    }
  }

  private void receive(ClientInput input) throws IOException {
    int magic = input.readInt();
    switch (magic) {
      case NbdWire.SIMPLE_REPLY_MAGIC -> receiveSimple(input);
      case NbdWire.CHUNK_MAGIC -> receiveChunk(input);
      default -> throw new IOException("NBD reply magic 0x%08x".formatted(magic));
    }
  }

  private void receiveSimple(ClientInput input) throws IOException {
    int error = input.readInt();
    long cookie = input.readLong();
    ClientRequest request = find(cookie);
    request.setError(error);
    if (error == 0 && request.type() == NbdWire.CMD_READ) {
      input.readFully(request.wholeTarget());
    }
    complete(cookie, request);
  }

  private void receiveChunk(ClientInput input) throws IOException {
    int flags = input.readShort();
    int type = input.readShort() & 0xFFFF;
    long cookie = input.readLong();
    long length = Integer.toUnsignedLong(input.readInt());
    ClientRequest request = find(cookie);
    switch (type) {
      case NbdWire.CHUNK_NONE -> requireLength(type, length, length == 0);
      case NbdWire.CHUNK_OFFSET_DATA -> {
        requireLength(type, length, length > NbdWire.OFFSET_DATA_BYTES);
        long offset = input.readLong();
        input.readFully(request.target(offset, length - NbdWire.OFFSET_DATA_BYTES));
      }
      case NbdWire.CHUNK_OFFSET_HOLE -> {
        requireLength(type, length, length == NbdWire.OFFSET_HOLE_BYTES);
        long offset = input.readLong();
        ByteBuffer hole = request.target(offset, Integer.toUnsignedLong(input.readInt()));
        hole.put(new byte[hole.remaining()]);
      }
      case NbdWire.CHUNK_BLOCK_STATUS -> receiveExtents(input, request, length);
      default -> receiveError(input, request, type, length);
    }
    if ((flags & NbdWire.CHUNK_FLAG_DONE) != 0) {
      complete(cookie, request);
    }
  }

  private static void receiveExtents(ClientInput input, ClientRequest request, long length)
      throws IOException {
    long descriptors = length - NbdWire.BLOCK_STATUS_BYTES;
    requireLength(
        NbdWire.CHUNK_BLOCK_STATUS,
        length,
        descriptors > 0 && descriptors % NbdWire.BLOCK_DESCRIPTOR_BYTES == 0);
    int _ = input.readInt();
    for (long left = descriptors; left > 0; left -= NbdWire.BLOCK_DESCRIPTOR_BYTES) {
      long extentLength = Integer.toUnsignedLong(input.readInt());
      request.addExtent(extentLength, input.readInt());
    }
  }

  private static void receiveError(ClientInput input, ClientRequest request, int type, long length)
      throws IOException {
    boolean error = (type & NbdWire.CHUNK_ERROR_BIT) != 0;
    requireLength(
        type, length, error && length >= NbdWire.ERROR_BYTES && length <= MAX_ERROR_CHUNK_BYTES);
    request.setError(Math.max(1, input.readInt()));
    byte[] _ = input.readBytes((int) length - Integer.BYTES);
  }

  private static void requireLength(int type, long length, boolean good) throws IOException {
    if (!good) {
      throw new IOException("NBD reply chunk of type %d with %d bytes".formatted(type, length));
    }
  }

  private ClientRequest find(long cookie) throws IOException {
    ClientRequest request = waiting.get(cookie);
    if (request == null) {
      throw new IOException("NBD reply to unknown request %d".formatted(cookie));
    }
    return request;
  }

  private void complete(long cookie, ClientRequest request) {
    waiting.remove(cookie);
    inflight.release();
    request.complete();
  }
}
