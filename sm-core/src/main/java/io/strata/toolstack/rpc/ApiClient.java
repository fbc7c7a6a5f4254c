// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import io.strata.manager.ProgressListener;
import io.strata.toolstack.Json;
import io.strata.toolstack.JsonText;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;

/// A client of the local API. For one thread; a call waits for its answer as long as the daemon
/// says that it is at work.
public final class ApiClient implements AutoCloseable {
  private static final int MAX_ANSWER_BYTES = 256 * 1024 * 1024;
  private static final Duration SILENCE = Duration.ofSeconds(60);

  private final TimedChannel channel;
  private final LineReader lines;
  private long lastId;

  private ApiClient(TimedChannel channel) {
    this.channel = channel;
    this.lines = new LineReader(channel, MAX_ANSWER_BYTES);
  }

  /// Connects and reads the greeting.
  ///
  /// @throws IOException where nobody listens, or a daemon of another API version does
  public static ApiClient connect(Path socket) throws IOException {
    SocketChannel socketChannel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      socketChannel.connect(UnixDomainSocketAddress.of(socket));
      ApiClient client = new ApiClient(new TimedChannel(socketChannel, SILENCE));
      client.greet();
      return client;
    } catch (IOException e) {
      socketChannel.close();
      throw e;
    }
  }

  private void greet() throws IOException {
    Json.Members hello = readLine();
    if (hello.whole("strata") != ApiServer.API_VERSION) {
      throw new IOException(
          "The daemon speaks version "
              + hello.text("strata")
              + " of the API and this program version "
              + ApiServer.API_VERSION
              + ". Run strata stop, and try again.");
    }
  }

  /// Calls a method and waits for its answer.
  ///
  /// @param progress hears how far it is, at most a few times a second
  /// @throws ApiException where the daemon refuses or fails
  /// @throws IOException where the daemon is gone or silent for a minute
  public Json call(String method, Json.Members params, ProgressListener progress)
      throws IOException, ApiException {
    long id = ++lastId;
    writeLine(
        Json.object()
            .with("jsonrpc", "2.0")
            .with("id", id)
            .with("method", method)
            .with("params", params)
            .build());
    while (true) {
      Json.Members answer = readLine();
      if (answer.text("method").equals("progress")) {
        Json.Members report = answer.members("params");
        progress.progress(report.whole("done-bytes"), report.whole("total-bytes"));
        continue;
      }
      if (answer.get("error").orElse(Json.Nothing.NULL) instanceof Json.Members error) {
        throw new ApiException(Failure.parse(error));
      }
      return answer.get("result").orElse(Json.Nothing.NULL);
    }
  }

  /// Calls a method that is soon done.
  public Json call(String method, Json.Members params) throws IOException, ApiException {
    return call(method, params, ProgressListener.NONE);
  }

  private Json.Members readLine() throws IOException {
    byte[] line =
        lines.next().orElseThrow(() -> new IOException("The daemon ended before it had answered."));
    if (JsonText.read(line) instanceof Json.Members members) {
      return members;
    }
    throw new IOException("The daemon answered something that is no JSON object.");
  }

  private void writeLine(Json document) throws IOException {
    channel.writeFully(
        ByteBuffer.wrap((JsonText.write(document) + "\n").getBytes(StandardCharsets.UTF_8)));
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
