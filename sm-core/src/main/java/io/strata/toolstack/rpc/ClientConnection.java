// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import io.strata.spi.Messages;
import io.strata.spi.StorageException;
import io.strata.toolstack.Json;
import io.strata.toolstack.JsonText;
import io.strata.toolstack.Version;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// One client of the API. The connection's thread alone reads and writes the socket; a call runs on
/// a thread of its own, so that the client hears of progress, or that work goes on.
final class ClientConnection {
  private static final System.Logger LOG = System.getLogger(ClientConnection.class.getName());
  private static final Duration IDLE = Duration.ofMinutes(10);
  private static final Duration STUCK_WRITE = Duration.ofSeconds(60);
  private static final long REPORT_MILLIS = 250;
  private static final long WORKING_NANOS = Duration.ofSeconds(5).toNanos();

  private enum State {
    READING,
    WRITING,
    CALLING
  }

  private final SocketChannel channel;
  private final ApiMethods methods;
  private volatile State state = State.WRITING;
  private volatile long stateSince = System.nanoTime();
  private volatile boolean finishing;

  ClientConnection(SocketChannel channel, ApiMethods methods) {
    this.channel = channel;
    this.methods = methods;
  }

  /// Serves until the client leaves or errs beyond repair.
  void serve() {
    try (channel) {
      send(
          Json.object()
              .with("strata", ApiServer.API_VERSION)
              .with("version", Version.TEXT)
              .build());
      LineReader lines = new LineReader(channel, ApiServer.MAX_LINE_BYTES);
      while (!finishing) {
        enter(State.READING);
        Optional<byte[]> line = lines.next();
        if (line.isEmpty()) {
          return;
        }
        answer(line.get());
      }
    } catch (LineReader.LineTooLongException e) {
      sendLast(failed(Json.Nothing.NULL, Failure.parseError(firstLine(e))));
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "A client of the API left", e);
    }
  }

  private void answer(byte[] line) throws IOException {
    Json document;
    try {
      document = JsonText.read(line);
    } catch (IOException e) {
      send(failed(Json.Nothing.NULL, Failure.parseError(firstLine(e))));
      return;
    }
    if (!(document instanceof Json.Members request)) {
      send(failed(Json.Nothing.NULL, Failure.invalidRequest("A request is a JSON object.")));
      return;
    }
    Json id = request.get("id").orElse(Json.Nothing.NULL);
    Json params = request.get("params").orElse(Json.Members.NONE);
    if (!"2.0".equals(request.text("jsonrpc"))
        || !(id instanceof Json.Text || id instanceof Json.Whole)
        || !(request.get("method").orElse(Json.Nothing.NULL) instanceof Json.Text method)
        || !(params instanceof Json.Members named)) {
      send(
          failed(
              Json.Nothing.NULL,
              Failure.invalidRequest("jsonrpc, id, method or params are not as they must be.")));
      return;
    }
    Optional<ApiMethods.Bound> bound = methods.find(method.value());
    if (bound.isEmpty()) {
      String shown = Messages.printable(method.value());
      send(failed(id, Failure.methodNotFound(shown)));
      return;
    }
    send(call(bound.get(), id, named));
  }

  private static String firstLine(IOException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("unreadable");
  }

  private Json call(ApiMethods.Bound method, Json id, Json.Members params) throws IOException {
    Call call = new Call();
    FutureTask<Json> task = new FutureTask<>(() -> method.answer(params, call));
    enter(State.CALLING);
    Thread.ofVirtual().name("api-" + method.operation().method()).start(task);
    try {
      return succeeded(id, await(task, call, id));
    } catch (ExecutionException e) {
      return failed(id, failure(method, Objects.requireNonNullElse(e.getCause(), e)));
    } catch (IOException clientGone) {
      call.abandon();
      throw clientGone;
    } catch (InterruptedException e) {
      call.abandon();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private Json await(FutureTask<Json> task, Call call, Json id)
      throws IOException, ExecutionException, InterruptedException {
    long lastSent = System.nanoTime();
    long lastDone = -1;
    while (true) {
      try {
        return task.get(REPORT_MILLIS, TimeUnit.MILLISECONDS);
      } catch (TimeoutException goesOn) {
        boolean moved = call.reported() && call.doneBytes() != lastDone;
        if (moved || System.nanoTime() - lastSent > WORKING_NANOS) {
          lastDone = call.doneBytes();
          lastSent = System.nanoTime();
          send(progress(id, call));
          enter(State.CALLING);
        }
      }
    }
  }

  private static Failure failure(ApiMethods.Bound method, Throwable cause) {
    if (cause instanceof StorageException refused) {
      LOG.log(
          Level.INFO, "{0} was refused: {1}", method.operation().method(), refused.getMessage());
      return Failure.of(refused);
    }
    String incident = UUID.randomUUID().toString();
    LOG.log(Level.ERROR, method.operation().method() + " met incident " + incident, cause);
    return Failure.internal(incident);
  }

  private static Json progress(Json id, Call call) {
    return Json.object()
        .with("jsonrpc", "2.0")
        .with("method", "progress")
        .with(
            "params",
            Json.object()
                .with("id", id)
                .with("done-bytes", call.doneBytes())
                .with("total-bytes", call.totalBytes())
                .build())
        .build();
  }

  private static Json succeeded(Json id, Json result) {
    return Json.object().with("jsonrpc", "2.0").with("id", id).with("result", result).build();
  }

  private static Json failed(Json id, Failure failure) {
    return Json.object()
        .with("jsonrpc", "2.0")
        .with("id", id)
        .with("error", failure.toJson())
        .build();
  }

  private void send(Json document) throws IOException {
    enter(State.WRITING);
    ByteBuffer bytes =
        ByteBuffer.wrap((JsonText.write(document) + "\n").getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private void sendLast(Json document) {
    try {
      if (channel.isOpen()) {
        send(document);
      }
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "A client of the API left before its answer", e);
    }
  }

  private void enter(State next) {
    stateSince = System.nanoTime();
    state = next;
  }

  /// Hangs up on a client that has said nothing, or has not read, for too long.
  void closeIfStale() {
    Duration since = Duration.ofNanos(System.nanoTime() - stateSince);
    boolean stale =
        switch (state) {
          case READING -> since.compareTo(IDLE) > 0;
          case WRITING -> since.compareTo(STUCK_WRITE) > 0;
          case CALLING -> false;
        };
    if (stale) {
      hangUp();
    }
  }

  /// Ends after the call that is under way; at once where there is none.
  void finish() {
    finishing = true;
    if (state == State.READING) {
      hangUp();
    }
  }

  void hangUp() {
    try {
      channel.close();
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "A client's socket could not be closed", e);
    }
  }
}
