// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.toolstack.Operation;
import io.strata.toolstack.Operations;
import io.strata.toolstack.Parameter;
import io.strata.toolstack.RecordClass;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/// Completion for bash and zsh, from the tables of verbs and tools. UUIDs are asked of the daemon,
/// if one runs.
final class CompletionScript {
  private static final String SCRIPT =
      """
      # strata completion; load with: source <(strata completion bash)
      _strata_words() {
        case $1 in
      @WORDS@
        esac
      }
      _strata_uuids() {
        strata "$1-list" params=uuid --minimal --no-start 2>/dev/null | tr ',' ' '
      }
      _strata() {
        local line=${COMP_LINE:0:COMP_POINT} word=${COMP_WORDS[COMP_CWORD]} verb name prefix
        local -a typed
        read -ra typed <<<"$line"
        [[ $line == *' ' ]] || unset 'typed[${#typed[@]}-1]'
        word=${line##* }
        COMPREPLY=()
        if (( ${#typed[@]} < 2 )); then
          COMPREPLY=($(compgen -W '@VERBS@' -- "$word"))
          return
        fi
        verb=${typed[1]}
        if [[ $word == *=* ]]; then
          name=${word%%=*}
          case $name in
            sr-uuid) prefix=sr ;;
            host-uuid) prefix=host ;;
            vdi-uuid|into-vdi-uuid|base-vdi-uuid|snapshot-uuid) prefix=vdi ;;
            uuid) prefix=${verb%%-*} ;;
            filename|*-filename) COMPREPLY=($(compgen -f -- "${word#*=}")); return ;;
            *) return ;;
          esac
          COMPREPLY=($(compgen -W "$(_strata_uuids "$prefix")" -- "${word#*=}"))
          return
        fi
        COMPREPLY=($(compgen -W "$(_strata_words "$verb")" -- "$word"))
        if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=:] ]]; then
          compopt -o nospace 2>/dev/null
        fi
      }
      complete -o bashdefault -F _strata strata
      """;

  private final CommandLine tools;

  CompletionScript(CommandLine tools) {
    this.tools = tools;
  }

  String of(CompletionCommand.Shell shell) {
    String script =
        SCRIPT.replace("@VERBS@", String.join(" ", verbs())).replace("@WORDS@", words());
    return switch (shell) {
      case BASH -> script;
      case ZSH -> "autoload -U +X bashcompinit && bashcompinit\n" + script;
    };
  }

  private static List<String> verbs() {
    List<String> verbs = new ArrayList<>();
    Operations.all().forEach(operation -> verbs.add(operation.verb()));
    verbs.add("help");
    verbs.addAll(Help.TOOLS.keySet());
    return verbs;
  }

  private String words() {
    List<String> cases = new ArrayList<>();
    for (Operation operation : Operations.all()) {
      cases.add(line(operation.verb(), words(operation)));
    }
    cases.add(line("help", verbs()));
    tools.getSubcommands().forEach((name, command) -> cases.add(line(name, words(command))));
    return String.join("\n", cases);
  }

  private static String line(String name, List<String> words) {
    return "    " + name + ") echo '" + String.join(" ", words) + "' ;;";
  }

  private static List<String> words(Operation operation) {
    List<String> words = new ArrayList<>();
    for (Parameter parameter : operation.parameters()) {
      words.add(parameter.name() + (parameter.type() == Parameter.Type.MAP ? ":" : "="));
    }
    if (operation.lists()) {
      String prefix = operation.verb().substring(0, operation.verb().indexOf('-'));
      RecordClass.ofPrefix(prefix).fields().forEach(field -> words.add(field.name() + "="));
    }
    words.addAll(List.of("--minimal", "--json", "--home"));
    return words;
  }

  private static List<String> words(CommandLine command) {
    List<String> words = new ArrayList<>(command.getSubcommands().keySet());
    words.addAll(
        command.getCommandSpec().options().stream()
            .map(OptionSpec::longestName)
            .collect(Collectors.toList()));
    return words;
  }
}
