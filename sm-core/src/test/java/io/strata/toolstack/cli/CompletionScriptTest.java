// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.toolstack.Operation;
import io.strata.toolstack.Operations;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CompletionScriptTest {
  private @TempDir Path folder;

  /// What bash offers at the end of a line.
  private List<String> offered(String line) throws IOException, InterruptedException {
    Path script = folder.resolve("strata.bash");
    String words =
        new CompletionScript(Tools.commandLine(TestTerminal.create().terminal()))
            .of(CompletionCommand.Shell.BASH);
    Files.writeString(
        script,
        words
            + "\nCOMP_LINE=$1; COMP_POINT=${#1}; read -ra COMP_WORDS <<<\"$1\"; [[ $1 == *' ' ]] &&"
            + " COMP_WORDS+=('')\nCOMP_CWORD=$((${#COMP_WORDS[@]}-1)); _strata;"
            + " printf '%s\\n' \"${COMPREPLY[@]}\"\n");
    Process bash =
        new ProcessBuilder("bash", script.toString(), line).redirectErrorStream(true).start();
    String output = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(bash.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return output.lines().filter(word -> !word.isEmpty()).toList();
  }

  @Test
  void verbsAreOffered() throws IOException, InterruptedException {
    assertThat(offered("strata vdi-sn")).containsExactly("vdi-snapshot");
    assertThat(offered("strata ")).contains("sr-create", "tree", "vhd", "demo", "help");
  }

  @Test
  void parametersOfAVerbAreOffered() throws IOException, InterruptedException {
    assertThat(offered("strata vdi-create v")).containsExactly("virtual-size=");
    assertThat(offered("strata vhd c")).contains("create", "check", "convert");
  }

  @Test
  void everyVerbHasItsLine() {
    String script =
        new CompletionScript(Tools.commandLine(TestTerminal.create().terminal()))
            .of(CompletionCommand.Shell.ZSH);
    assertThat(Operations.all())
        .extracting(Operation::verb)
        .allSatisfy(verb -> assertThat(script).contains("    " + verb + ") echo "));
    assertThat(script).startsWith("autoload -U +X bashcompinit");
  }
}
