// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.spi.StorageException;
import io.strata.toolstack.Rendering;
import io.strata.toolstack.rpc.ApiException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/// The commands that are no verbs of the daemon.
@Command(name = "strata")
final class Tools {
  private Tools() {}

  static int run(List<String> arguments, Terminal terminal) {
    return commandLine(terminal).execute(arguments.toArray(String[]::new));
  }

  static CommandLine commandLine(Terminal terminal) {
    CommandLine line = new CommandLine(new Tools());
    line.addSubcommand(new VhdCommand(terminal));
    line.addSubcommand(new ServeCommand(terminal));
    line.addSubcommand(new DaemonCommand(terminal));
    line.addSubcommand(new DemoCommand(terminal));
    line.addSubcommand(new TopCommand(terminal));
    line.addSubcommand(new CompletionCommand(terminal));
    line.registerConverter(ByteCount.class, ByteCount::parse);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setOut(new PrintWriter(terminal.out(), true, StandardCharsets.UTF_8));
    line.setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8));
    line.setExecutionExceptionHandler((e, _, _) -> failed(e, terminal));
    return line;
  }

  private static int failed(Exception e, Terminal terminal) throws Exception {
    switch (e) {
      case StorageException refused -> terminal.err().println(Main.error(refused));
      case ApiException refused -> terminal.err().println(Main.error(refused.failure()));
      case IOException failed -> terminal.err().println(FileFailures.line(failed));
      default -> throw e;
    }
    return 1;
  }

  /// File system exceptions carry nothing but a name where the kind says the rest.
  static String said(IOException e) {
    String message = Rendering.escaped(String.valueOf(e.getMessage()));
    return switch (e) {
      case FileAlreadyExistsException _ -> message + " exists already. Give another, or --force.";
      case NoSuchFileException _ -> message + " is not there.";
      case AccessDeniedException _ -> message + " may not be opened by this user.";
      default -> message;
    };
  }
}
