// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.spi.StorageException;
import io.strata.toolstack.Nearest;
import io.strata.toolstack.Operation;
import io.strata.toolstack.Operations;
import io.strata.toolstack.Rendering;
import io.strata.toolstack.StrataHome;
import io.strata.toolstack.Version;
import io.strata.toolstack.daemon.DaemonLog;
import io.strata.toolstack.rpc.ApiException;
import io.strata.toolstack.rpc.Failure;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// `strata`: verbs of the daemon, which a small table-driven parser reads so that they start fast,
/// and tools, which picocli reads.
public final class Main {
  private static final int FAILED = 1;

  private Main() {}

  /// Runs one command and ends the process with its exit code.
  public static void main(String[] arguments) {
    DaemonLog.toConsole();
    Terminal terminal = Terminal.system();
    int exitCode = run(List.of(arguments), terminal);
    terminal.out().flush();
    terminal.err().flush();
    // Not System.exit: it would load the logging library only to log that the process ends.
    Runtime.getRuntime().halt(exitCode);
  }

  /// Runs one command.
  ///
  /// @return the exit code
  static int run(List<String> arguments, Terminal terminal) {
    String first = arguments.isEmpty() ? "" : arguments.getFirst();
    if (Help.TOOLS.containsKey(first)) {
      return Tools.run(arguments, terminal);
    }
    try {
      return runVerb(Options.parse(arguments), terminal);
    } catch (UsageException e) {
      terminal.err().println(e.message());
      String topic = e.topic().isEmpty() ? "" : " " + e.topic();
      terminal.err().println("For usage run: 'strata help" + topic + "'");
    } catch (ApiException e) {
      terminal.err().println(error(e.failure()));
    } catch (StorageException e) {
      terminal.err().println(error(e));
    } catch (IOException e) {
      terminal.err().println("Error: " + Tools.said(e));
    }
    return FAILED;
  }

  private static int runVerb(Options options, Terminal terminal)
      throws UsageException, StorageException, ApiException, IOException {
    List<String> words = options.words();
    String verb = words.isEmpty() ? "help" : words.getFirst();
    List<String> parameters = words.isEmpty() ? words : words.subList(1, words.size());
    if (verb.equals("help")) {
      terminal.out().print(Help.of(parameters));
      return 0;
    }
    if (options.help()) {
      terminal.out().print(Help.of(words));
      return 0;
    }
    if (verb.equals("version")) {
      terminal.out().println("strata " + Version.TEXT);
      return 0;
    }
    Optional<Operation> operation = Operations.ofVerb(verb);
    if (operation.isEmpty()) {
      throw unknown(verb);
    }
    StrataHome home = StrataHome.choose(options.home(), System.getenv());
    return new VerbCommand(operation.get(), options, home, terminal).run(parameters);
  }

  private static UsageException unknown(String verb) {
    List<String> known = new ArrayList<>(Help.TOOLS.keySet());
    Operations.all().forEach(operation -> known.add(operation.verb()));
    String meant = Nearest.to(verb, known).map(word -> ". Did you mean '" + word + "'?").orElse("");
    return new UsageException("Unknown command: " + Rendering.escaped(verb) + meant, "");
  }

  /// An error of the daemon on one line.
  static String error(Failure failure) {
    return Rendering.escaped(
        "Error: "
            + failure.name()
            + " ("
            + failure.code()
            + "): "
            + failure.what()
            + " "
            + failure.remedy());
  }

  /// An error that was found here, on one line.
  static String error(StorageException e) {
    return Rendering.escaped(
        "Error: "
            + e.code().fieldName()
            + " ("
            + e.code().number()
            + "): "
            + e.what()
            + " "
            + e.remedy());
  }
}
