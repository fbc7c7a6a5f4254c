// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.toolstack.Json;
import io.strata.toolstack.JsonText;
import io.strata.toolstack.Rendering;
import io.strata.toolstack.StrataHome;
import io.strata.toolstack.rpc.ApiClient;
import io.strata.toolstack.rpc.ApiException;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `strata top`: what disks do, second by second. Never starts a daemon.
@Command(
    name = "top",
    description = "Show what disks do, second by second, until Ctrl-C.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class TopCommand implements Callable<Integer> {
  private static final int NOT_RUNNING = 3;
  private static final Duration INTERVAL = Duration.ofSeconds(1);
  private static final String HOME_AND_CLEAR = "\u001b[H\u001b[2J";

  private final Terminal terminal;

  @Option(names = "--home", paramLabel = "DIR", description = "The daemon's folder.")
  private @Nullable String home;

  @Option(names = "--once", description = "Print one second's sample and end.")
  private boolean once;

  @Option(names = "--json", description = "A JSON document for each sample, one a line.")
  private boolean json;

  @Option(
      names = "--rows",
      paramLabel = "N",
      defaultValue = "40",
      description = "Disks to show, the busiest first: ${DEFAULT-VALUE} unless given.")
  private int rows;

  TopCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException, ApiException, InterruptedException, StorageException {
    if (rows < 1) {
      throw new StorageException(
          ErrorCode.INVALID_ARG, "There are no " + rows + " rows.", "Give --rows from 1 on.");
    }
    StrataHome chosen = StrataHome.choose(Optional.ofNullable(home), System.getenv());
    Optional<ApiClient> daemon = new DaemonStarter(chosen, terminal.err()).connect();
    if (daemon.isEmpty()) {
      String root = Rendering.escaped(chosen.root().toString());
      terminal.err().println("No daemon runs for " + root + ".");
      return NOT_RUNNING;
    }
    try (ApiClient client = daemon.get()) {
      Json.Members earlier = statistics(client);
      do {
        Thread.sleep(INTERVAL);
        Json.Members later = statistics(client);
        show(TopSample.between(earlier, later));
        earlier = later;
        // A pipe that nobody reads any more ends it.
      } while (!once && !terminal.out().checkError());
    }
    return 0;
  }

  private static Json.Members statistics(ApiClient client) throws IOException, ApiException {
    Json answer = client.call("daemon.statistics", Json.Members.NONE);
    return answer instanceof Json.Members members ? members : Json.Members.NONE;
  }

  private void show(TopSample sample) {
    if (json) {
      terminal.out().println(JsonText.write(sample.json()));
    } else {
      boolean redraws = !once && terminal.live();
      terminal.out().print((redraws ? HOME_AND_CLEAR : "") + TopScreen.of(sample, rows));
    }
    terminal.out().flush();
  }
}
