// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.toolstack.Json;
import io.strata.toolstack.JsonText;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ApiServerTest {
  private static final String UUID = "fe1e2a8b-0000-4000-8000-000000000001";

  private @TempDir Path folder;
  private Path socket = Path.of("");
  private ApiServer server = startNothing();
  private final CountDownLatch goOn = new CountDownLatch(1);
  private final CountDownLatch abandoned = new CountDownLatch(1);

  @SuppressWarnings("NullAway") // replaced before each test
  private static ApiServer startNothing() {
    return null;
  }

  @BeforeEach
  void listen() throws IOException {
    socket = folder.resolve("api.sock");
    ApiMethods methods =
        new ApiMethods()
            .add(
                "api.version",
                (arguments, call) -> Json.object().with("strata", 1).with("version", "t").build())
            .add("vdi.destroy", (arguments, call) -> refuse())
            .add("vdi.forget", (arguments, call) -> fail())
            .add("vdi.create", (arguments, call) -> Json.of(arguments.text("name-label")))
            .add("vdi.export", this::report);
    server = ApiServer.listen(socket, methods);
  }

  @AfterEach
  void close() throws IOException {
    goOn.countDown();
    server.close();
  }

  private static Json refuse() throws StorageException {
    throw new StorageException(ErrorCode.VDI_IN_USE, "VDI x is attached.", "Detach it first.");
  }

  private static Json fail() {
    throw new IllegalStateException("the secret of the implementation");
  }

  private Json report(Arguments arguments, Call call) {
    call.progress(10, 100);
    try {
      while (!goOn.await(10, TimeUnit.MILLISECONDS)) {
        call.checkWanted();
        call.progress(call.doneBytes() + 1, 100);
      }
    } catch (IOException e) {
      abandoned.countDown();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return Json.Members.NONE;
  }

  private Failure failureOf(String method, Json.Members params) throws IOException {
    try (ApiClient client = ApiClient.connect(socket)) {
      return failureOf(client, method, params);
    }
  }

  private static Failure failureOf(ApiClient client, String method, Json.Members params)
      throws IOException {
    try {
      throw new AssertionError("answered " + client.call(method, params));
    } catch (ApiException e) {
      return e.failure();
    }
  }

  /// Sends a line as it is and reads what comes up to `answers` lines after the greeting.
  private List<Json.Members> raw(byte[] line, int answers) throws IOException {
    List<Json.Members> read = new ArrayList<>();
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      LineReader lines = new LineReader(channel, 1 << 20);
      Json hello = JsonText.read(lines.next().orElseThrow());
      assertThat(((Json.Members) hello).whole("strata")).isEqualTo(1);
      ByteBuffer bytes = ByteBuffer.wrap(line);
      try {
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
      } catch (IOException hungUp) {
        assertThat(hungUp).isNotNull();
      }
      for (int i = 0; i < answers; i++) {
        lines.next().ifPresent(answer -> read.add(parse(answer)));
      }
    }
    return read;
  }

  private static Json.Members parse(byte[] line) {
    try {
      return (Json.Members) JsonText.read(line);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static Json.Members destroy() {
    return Json.object().with("uuid", UUID).build();
  }

  @Test
  void theSocketIsForItsOwnerAlone() throws IOException {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
        .isEqualTo("rw-------");
  }

  @Test
  void aRefusalCarriesNumberNameAndRemedy() throws IOException {
    assertThat(failureOf("vdi.destroy", destroy()))
        .isEqualTo(
            new Failure(24, "VDIInUse", "USER", "VDI x is attached.", "Detach it first.", false));
  }

  @Test
  void aDefectIsNumbered1200AndTellsNoSecrets() throws IOException {
    Failure failure = failureOf("vdi.forget", destroy());
    assertThat(failure.code()).isEqualTo(1200);
    assertThat(failure.category()).isEqualTo("INTERNAL");
    assertThat(failure.what() + failure.remedy()).doesNotContain("secret").contains("incident");
  }

  @Test
  void parametersAreCheckedAgainstTheTable() throws IOException {
    assertThat(failureOf("vdi.destroy", Json.Members.NONE).what())
        .isEqualTo("Required parameter not found: uuid.");
    assertThat(failureOf("vdi.destroy", Json.object().with("uid", UUID).build()).remedy())
        .isEqualTo("Did you mean 'uuid'?");
    assertThat(failureOf("vdi.destroy", Json.object().with("uuid", 7).build()).what())
        .contains("wrong type");
    assertThat(failureOf("no.such", Json.Members.NONE).code()).isEqualTo(Failure.METHOD_NOT_FOUND);
  }

  @Test
  void aConnectionOutlivesRefusals() throws IOException, ApiException {
    try (ApiClient client = ApiClient.connect(socket)) {
      assertThat(failureOf(client, "vdi.destroy", destroy()).code()).isEqualTo(24);
      assertThat(failureOf(client, "no.such", destroy()).code()).isNegative();
      assertThat(((Json.Members) client.call("api.version", Json.Members.NONE)).text("version"))
          .isEqualTo("t");
    }
  }

  @Test
  void namesOfAnyCharactersArriveLiterally() throws IOException, ApiException {
    String name = "a\nb'; DROP TABLE vdi;--$(reboot)\u0000\u202e";
    try (ApiClient client = ApiClient.connect(socket)) {
      Json.Members request =
          Json.object()
              .with("sr-uuid", UUID)
              .with("name-label", name)
              .with("virtual-size", 1)
              .build();
      assertThat(client.call("vdi.create", request)).isEqualTo(Json.of(name));
    }
  }

  @Test
  void whatIsNoRequestIsAnsweredWithAnError() throws IOException {
    assertThat(raw("not json\n".getBytes(UTF_8), 1).getFirst().members("error").whole("code"))
        .isEqualTo(Failure.PARSE_ERROR);
    assertThat(raw("[]\n".getBytes(UTF_8), 1).getFirst().members("error").whole("code"))
        .isEqualTo(Failure.INVALID_REQUEST);
    assertThat(
            raw("{\"jsonrpc\":\"2.0\",\"method\":\"api.version\"}\n".getBytes(UTF_8), 1)
                .getFirst()
                .members("error")
                .whole("code"))
        .isEqualTo(Failure.INVALID_REQUEST);
  }

  @Test
  void aLineBeyondTheBoundIsAnsweredAndTheConnectionClosed() throws IOException {
    byte[] endless = new byte[ApiServer.MAX_LINE_BYTES + 1];
    java.util.Arrays.fill(endless, (byte) ' ');
    List<Json.Members> answers = raw(endless, 2);
    assertThat(answers).hasSizeLessThanOrEqualTo(1);
    assertThat(answers)
        .allSatisfy(answer ->
            assertThat(answer.members("error").whole("code")).isEqualTo(Failure.PARSE_ERROR));
    try (ApiClient client = ApiClient.connect(socket)) {
      assertThat(failureOf(client, "vdi.destroy", destroy()).code()).isEqualTo(24);
    }
  }

  @Test
  void deepNestingIsAParseError() throws IOException {
    byte[] deep = ("[".repeat(50_000) + "\n").getBytes(UTF_8);
    assertThat(raw(deep, 1).getFirst().members("error").whole("code"))
        .isEqualTo(Failure.PARSE_ERROR);
  }

  @Test
  void progressArrivesBeforeTheAnswer() throws IOException, ApiException {
    List<Long> heard = Collections.synchronizedList(new ArrayList<>());
    try (ApiClient client = ApiClient.connect(socket)) {
      client.call(
          "vdi.export",
          Json.object().with("uuid", UUID).with("filename", "/x").build(),
          (done, total) -> {
            assertThat(total).isEqualTo(100);
            heard.add(done);
            if (heard.size() == 2) {
              goOn.countDown();
            }
          });
    }
    assertThat(heard).hasSizeGreaterThanOrEqualTo(2).isSorted();
  }

  @Test
  void workThatNobodyWaitsForIsTold() throws IOException, InterruptedException {
    String request =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"vdi.export\",\"params\":{\"uuid\":\""
            + UUID
            + "\",\"filename\":\"/x\"}}\n";
    raw(request.getBytes(UTF_8), 1);
    assertThat(abandoned.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void moreClientsThanPlacesAreTurnedAwayAndPlacesComeBack() throws IOException, ApiException {
    List<ApiClient> clients = new ArrayList<>();
    for (int i = 0; i < ApiServer.MAX_CLIENTS; i++) {
      clients.add(ApiClient.connect(socket));
    }
    assertThatThrownBy(() -> ApiClient.connect(socket)).isInstanceOf(IOException.class);
    for (ApiClient client : clients) {
      client.close();
    }
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (true) {
      try (ApiClient client = ApiClient.connect(socket)) {
        client.call("api.version", Json.Members.NONE);
        return;
      } catch (IOException stillFull) {
        assertThat(System.nanoTime()).isLessThan(deadline);
      }
    }
  }

  @Test
  void closingRemovesTheSocketAndEndsIdleClients() throws IOException {
    ApiClient idle = ApiClient.connect(socket);
    server.close();
    assertThat(socket).doesNotExist();
    assertThatThrownBy(() -> idle.call("api.version", Json.Members.NONE))
        .isInstanceOf(IOException.class);
    idle.close();
  }

  @Test
  void aPathThatIsTooLongForASocketIsSaidSo() {
    Path longPath = folder.resolve("x".repeat(120));
    assertThatThrownBy(() -> ApiServer.listen(longPath, new ApiMethods()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("shorter home");
  }
}
