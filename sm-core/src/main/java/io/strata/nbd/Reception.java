// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/// Accepts clients and leads them through their handshakes, all on one thread without blocking, so
/// that clients that stop half-way cost a file descriptor and some bytes until their time is over.
///
/// Who has chosen an export gets a platform thread of its own.
final class Reception implements Runnable {
  private static final Logger LOGGER = System.getLogger(Reception.class.getName());
  private static final long ACCEPT_RETRY_MILLIS = 50;
  private static final int ACCEPTS_PER_ROUND = 64;
  private static final long IDLE_MILLIS = 1_000;
  private static final long NANOS_PER_MILLI = 1_000_000;

  /// What a unix socket takes before its client does, so that neither waits for the other within a
  /// long reply. The kernel makes it less where `net.core.wmem_max` is; TCP finds its own.
  private static final int UNIX_SEND_BUFFER_BYTES = 1 << 20;

  private final ServerSocketChannel server;
  private final NbdExports exports;
  private final NbdLimits limits;
  private final ConnectionSet connections;
  private final Selector selector;

  /// In the order of their deadlines.
  private final Map<SocketChannel, Visit> visits = new LinkedHashMap<>();

  /// The same clients, the one that has said nothing for longest first.
  private final LinkedHashSet<SocketChannel> bySilence = new LinkedHashSet<>();

  private volatile boolean closing;
  private int served;

  /// One client in its handshake.
  private record Visit(Handshake handshake, SelectionKey key, long deadlineNanos) {}

  Reception(
      ServerSocketChannel server, NbdExports exports, NbdLimits limits, ConnectionSet connections)
      throws IOException {
    this.server = server;
    this.exports = exports;
    this.limits = limits;
    this.connections = connections;
    selector = Selector.open();
    server.configureBlocking(false);
    server.register(selector, SelectionKey.OP_ACCEPT);
  }

  /// Makes [#run] return soon.
  void stop() {
    closing = true;
    selector.wakeup();
  }

  @Override
  public void run() {
    try {
      while (!closing) {
        selector.select(millisToDeadline());
        handleReady();
        endOverdue();
      }
    } catch (IOException failure) {
      LOGGER.log(Level.ERROR, "no more NBD clients are accepted", failure);
    } finally {
      List.copyOf(visits.keySet()).forEach(this::dismiss);
      closeQuietly(selector);
    }
  }

  private long millisToDeadline() {
    Iterator<Visit> inOrder = visits.values().iterator();
    if (!inOrder.hasNext()) {
      return IDLE_MILLIS;
    }
    long nanos = inOrder.next().deadlineNanos() - System.nanoTime();
    return Math.clamp(nanos / NANOS_PER_MILLI + 1, 1, IDLE_MILLIS);
  }

  private void handleReady() throws IOException {
    List<SelectionKey> ready = new ArrayList<>(selector.selectedKeys());
    selector.selectedKeys().clear();
    for (SelectionKey key : ready) {
      if (key.channel().equals(server)) {
        acceptSome();
      } else if (key.isValid()) {
        converse((SocketChannel) key.channel());
      }
    }
  }

  private void endOverdue() {
    long now = System.nanoTime();
    List<SocketChannel> overdue = new ArrayList<>();
    for (Map.Entry<SocketChannel, Visit> visit : visits.entrySet()) {
      if (visit.getValue().deadlineNanos() - now > 0) {
        break;
      }
      overdue.add(visit.getKey());
    }
    overdue.forEach(this::dismiss);
  }

  /// Takes some of those that wait. Between two rounds the others' handshakes go on, and the
  /// selector lets go of the descriptors of those that were turned away.
  private void acceptSome() {
    try {
      for (int i = 0; i < ACCEPTS_PER_ROUND; i++) {
        SocketChannel channel = server.accept();
        if (channel == null) {
          return;
        }
        receive(channel);
      }
    } catch (IOException failure) {
      LOGGER.log(Level.WARNING, "an NBD client can't be accepted", failure);
      if (!bySilence.isEmpty()) {
        dismiss(bySilence.getFirst());
      }
      pauseBriefly();
    }
  }

  private void receive(SocketChannel channel) throws IOException {
    if (connections.size() >= limits.maxConnections()) {
      LOGGER.log(Level.WARNING, "an NBD client too many: {0} are served", limits.maxConnections());
      closeQuietly(channel);
      return;
    }
    makeRoom();
    channel.configureBlocking(false);
    if (channel.supportedOptions().contains(StandardSocketOptions.TCP_NODELAY)) {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
    } else {
      channel.setOption(StandardSocketOptions.SO_SNDBUF, UNIX_SEND_BUFFER_BYTES);
    }
    SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
    long deadline = System.nanoTime() + limits.handshakeTimeout().toNanos();
    visits.put(channel, new Visit(new Handshake(exports), key, deadline));
    bySilence.addLast(channel);
    converse(channel);
  }

  /// Ends the handshake of whoever has said nothing for longest, where there are as many as may be.
  /// What a client has sent counts, though nobody has read it yet: who waits for this thread is not
  /// silent. Each is heard once at most, so that it ends.
  private void makeRoom() {
    for (int heard = 0; visits.size() >= limits.maxHandshakes(); heard++) {
      SocketChannel longest = bySilence.getFirst();
      if (heard < limits.maxHandshakes()) {
        converse(longest);
      }
      if (!bySilence.isEmpty() && bySilence.getFirst().equals(longest)) {
        dismiss(longest);
      }
    }
  }

  private void dismiss(SocketChannel channel) {
    forget(channel);
    closeQuietly(channel);
  }

  private void forget(SocketChannel channel) {
    visits.remove(channel);
    bySilence.remove(channel);
  }

  private void converse(SocketChannel channel) {
    Visit visit = visits.get(channel);
    if (visit == null) {
      return;
    }
    try {
      converse(channel, visit);
    } catch (IOException | RuntimeException failure) {
      LOGGER.log(Level.DEBUG, "handshake with an NBD client failed", failure);
      dismiss(channel);
    }
  }

  private void converse(SocketChannel channel, Visit visit) throws IOException {
    Handshake handshake = visit.handshake();
    Handshake.Progress progress = Handshake.Progress.GOES_ON;
    while (progress == Handshake.Progress.GOES_ON && sent(channel, handshake)) {
      int read = channel.read(handshake.room());
      if (read < 0) {
        dismiss(channel);
        return;
      }
      if (read == 0) {
        visit.key().interestOps(SelectionKey.OP_READ);
        return;
      }
      bySilence.addLast(channel);
      progress = handshake.advance();
    }
    if (progress == Handshake.Progress.ENDS) {
      boolean _ = sent(channel, handshake);
      dismiss(channel);
    } else if (progress == Handshake.Progress.CHOSEN) {
      serve(channel, visit);
    } else {
      visit.key().interestOps(SelectionKey.OP_WRITE);
    }
  }

  private static boolean sent(SocketChannel channel, Handshake handshake) throws IOException {
    OptionReplies replies = handshake.replies();
    if (!replies.isEmpty()) {
      replies.sent(channel.write(replies.pending()));
    }
    return replies.isEmpty();
  }

  /// Hands the client over to its own thread, which sends the last reply of the handshake.
  private void serve(SocketChannel channel, Visit visit) throws IOException {
    forget(channel);
    visit.key().cancel();
    selector.selectNow();
    channel.configureBlocking(true);
    Negotiated negotiated = visit.handshake().negotiated().orElseThrow();
    OptionReplies replies = visit.handshake().replies();
    Thread.ofPlatform()
        .daemon()
        .name("nbd-" + negotiated.export().name() + "-" + served++)
        .start(() -> transmit(channel, negotiated, replies));
  }

  private void transmit(SocketChannel channel, Negotiated negotiated, OptionReplies replies) {
    try (channel) {
      new Transmission(channel, negotiated, connections).run(replies);
    } catch (IOException failure) {
      LOGGER.log(Level.DEBUG, "closing an NBD connection", failure);
    } catch (OutOfMemoryError tooMany) {
      LOGGER.log(Level.ERROR, "no memory for another NBD connection", tooMany);
    }
  }

  private static void pauseBriefly() {
    try {
      Thread.sleep(ACCEPT_RETRY_MILLIS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static void closeQuietly(AutoCloseable closeable) {
    try {
      closeable.close();
    } catch (Exception failure) {
      LOGGER.log(Level.DEBUG, "closing after an NBD handshake", failure);
    }
  }
}
