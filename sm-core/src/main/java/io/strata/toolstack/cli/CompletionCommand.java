// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `strata completion`: prints a script for a shell.
@Command(
    name = "completion",
    description = {
      "Print a completion script.",
      "bash: source <(strata completion bash)",
      "zsh: source <(strata completion zsh)"
    },
    mixinStandardHelpOptions = true)
final class CompletionCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "SHELL", description = "${COMPLETION-CANDIDATES}")
  private Shell shell = Shell.BASH;

  /// Shells that have completion.
  enum Shell {
    BASH,
    ZSH
  }

  CompletionCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    CommandLine tools = spec.parent().commandLine();
    terminal.out().print(new CompletionScript(tools).of(shell));
    return 0;
  }
}
