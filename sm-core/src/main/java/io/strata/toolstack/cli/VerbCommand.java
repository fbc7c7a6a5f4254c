// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.spi.StorageException;
import io.strata.toolstack.Json;
import io.strata.toolstack.JsonText;
import io.strata.toolstack.Operation;
import io.strata.toolstack.RecordClass;
import io.strata.toolstack.Rendering;
import io.strata.toolstack.StrataHome;
import io.strata.toolstack.rpc.ApiClient;
import io.strata.toolstack.rpc.ApiException;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Runs one verb of the table: calls the daemon, and prints its answer as `xe` would.
final class VerbCommand {
  private static final int NOT_RUNNING = 3;

  private final Operation operation;
  private final Options options;
  private final StrataHome home;
  private final Terminal terminal;

  VerbCommand(Operation operation, Options options, StrataHome home, Terminal terminal) {
    this.operation = operation;
    this.options = options;
    this.home = home;
    this.terminal = terminal;
  }

  int run(List<String> words) throws UsageException, StorageException, ApiException, IOException {
    Json.Members parameters = ParameterParser.parse(operation, words);
    DaemonStarter starter = new DaemonStarter(home, terminal.err());
    boolean onlyLooks = operation.answer() == Operation.Answer.STATUS;
    boolean stops = operation.verb().equals("stop");
    boolean mayStart = options.start() && !onlyLooks && !stops;
    Optional<ApiClient> connected =
        mayStart ? Optional.of(starter.connectOrStart()) : starter.connect();
    if (connected.isEmpty()) {
      terminal
          .err()
          .println("No daemon runs for " + Rendering.escaped(home.root().toString()) + ".");
      return stops ? 0 : NOT_RUNNING;
    }
    try (ApiClient client = connected.get();
        ProgressLine progress =
            new ProgressLine(operation.verb(), terminal.err(), terminal.live())) {
      Json answer = client.call(operation.method(), parameters, progress);
      progress.finish();
      if (stops) {
        starter.awaitStopped();
      }
      terminal.out().print(shown(parameters, answer));
      terminal.out().flush();
      return operation.answer() == Operation.Answer.CHECK ? CheckText.exitCode(members(answer)) : 0;
    }
  }

  private String shown(Json.Members parameters, Json answer) {
    if (options.json() && operation.answer() != Operation.Answer.NOTHING) {
      return JsonText.pretty(answer) + "\n";
    }
    return switch (operation.answer()) {
      case NOTHING, SCAN -> "";
      case UUID -> uuid(parameters, members(answer));
      case ATTACHMENT -> RecordPrinter.value(Json.of(members(answer).text("uri")));
      case RECORDS -> records(items(answer));
      case RECORD -> record(members(answer));
      case PROBE ->
          operation.verb().equals("sr-probe")
              ? ProbeXml.of(
                  parameters.text("type"), parameters.members("device-config"), items(answer))
              : ProbeText.of(items(answer));
      case CHANGED_BLOCKS -> RecordPrinter.value(Json.of(members(answer).text("bitmap")));
      case CHECK -> CheckText.of(members(answer));
      case COLLECTION -> collection(items(answer));
      case TREE -> new TreePrinter(terminal.unicode()).print(items(answer));
      case STATISTICS -> JsonText.pretty(answer) + "\n";
      case METRICS -> members(answer).text("text");
      case STATUS, VERSION -> table(members(answer));
    };
  }

  /// Nothing where the disk was named, as in `xe vdi-import uuid=...`.
  private String uuid(Json.Members parameters, Json.Members answer) {
    boolean known = operation.verb().equals("vdi-import") && parameters.get("uuid").isPresent();
    return known ? "" : RecordPrinter.value(Json.of(answer.text("uuid")));
  }

  private String records(List<Json> rows) {
    return options.minimal()
        ? RecordPrinter.minimal(rows)
        : RecordPrinter.records(recordClass(), rows);
  }

  private String record(Json.Members row) {
    return operation.verb().endsWith("-param-get")
        ? RecordPrinter.value(row.values().values().iterator().next())
        : RecordPrinter.records(recordClass(), List.of(row));
  }

  /// A line for each thing that was done, or would be.
  private static String collection(List<Json> actions) {
    StringBuilder lines = new StringBuilder();
    for (Json action : actions) {
      Json.Members members = members(action);
      lines
          .append(members.text("action"))
          .append(' ')
          .append(members.text("node"))
          .append(members.whole("bytes") > 0 ? " (" + members.whole("bytes") + " bytes)" : "")
          .append(": ")
          .append(members.text("reason"))
          .append('\n');
    }
    return lines.toString();
  }

  private RecordClass recordClass() {
    return RecordClass.ofPrefix(operation.verb().substring(0, operation.verb().indexOf('-')));
  }

  private static String table(Json.Members members) {
    Map<String, String> texts = new LinkedHashMap<>();
    members.values().forEach((name, value) -> texts.put(name, Rendering.of(value)));
    return RecordPrinter.table(texts);
  }

  private static Json.Members members(Json answer) {
    return answer instanceof Json.Members members ? members : Json.Members.NONE;
  }

  private static List<Json> items(Json answer) {
    return answer instanceof Json.Items items ? items.values() : List.of();
  }
}
