// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.toolstack.Nearest;
import io.strata.toolstack.Operation;
import io.strata.toolstack.Operations;
import io.strata.toolstack.Parameter;
import io.strata.toolstack.RecordClass;
import io.strata.toolstack.Rendering;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What `strata help` prints, from the table of operations.
final class Help {
  /// Commands that are no verbs of the daemon, with what they do.
  static final Map<String, String> TOOLS = tools();

  private static final int COLUMN = 24;

  private Help() {}

  private static Map<String, String> tools() {
    Map<String, String> tools = new LinkedHashMap<>();
    tools.put("vhd", "Make, look at, check and convert VHD files; needs no daemon");
    tools.put("serve", "Serve a VHD or raw file over NBD; needs no daemon");
    tools.put("demo", "Show snapshots and clones at work, in a scratch folder");
    tools.put("top", "Show what disks do, second by second");
    tools.put("daemon", "Run the daemon");
    tools.put("completion", "Print a completion script for bash or zsh");
    return Collections.unmodifiableMap(tools);
  }

  static String of(List<String> topics) throws UsageException {
    if (topics.isEmpty()) {
      return overview();
    }
    String topic = topics.getFirst();
    if (TOOLS.containsKey(topic)) {
      return "strata " + topic + ": " + TOOLS.get(topic) + "\nRun: strata " + topic + " --help\n";
    }
    Optional<Operation> operation = Operations.ofVerb(topic);
    if (operation.isEmpty()) {
      List<String> known = Operations.all().stream().map(Operation::verb).toList();
      String meant =
          Nearest.to(topic, known).map(word -> ". Did you mean '" + word + "'?").orElse("");
      throw new UsageException("No help for: " + Rendering.escaped(topic) + meant, "");
    }
    return verb(operation.get());
  }

  private static String overview() {
    StringBuilder text = new StringBuilder();
    text.append("Usage: strata VERB name=value... [--minimal] [--json] [--home DIR]\n");
    text.append("       strata help VERB\n");
    String section = "";
    for (Operation operation : Operations.all()) {
      String next = section(operation.verb());
      if (!next.equals(section)) {
        section = next;
        text.append('\n').append(section).append('\n');
      }
      text.append(line(operation.verb(), operation.summary()));
    }
    text.append(line("help", "Explain a verb"));
    text.append("\nTools\n");
    TOOLS.forEach((name, summary) -> text.append(line(name, summary)));
    text.append("\nOptions\n");
    text.append(line("--minimal", "listings: only the first column, joined by commas"));
    text.append(line("--json", "listings and answers as JSON"));
    text.append(line("--home DIR", "the daemon's folder; else STRATA_HOME, else"));
    text.append(line("", "/var/lib/strata for root where it exists, else ~/.strata"));
    text.append(line("--no-start", "don't start a daemon where none runs"));
    return text.toString();
  }

  private static String section(String verb) {
    if (verb.contains("-list") || verb.contains("-param-")) {
      return "Listings and fields";
    }
    return switch (verb.split("-", 2)[0]) {
      case "sr" -> "Storage repositories";
      case "pbd" -> "Connections of this host to SRs";
      case "vdi" -> "Virtual disks";
      default -> "The daemon";
    };
  }

  private static String line(String name, String summary) {
    String padding = " ".repeat(Math.max(1, COLUMN - name.length()));
    return "  " + name + padding + summary + "\n";
  }

  private static String verb(Operation operation) {
    StringBuilder text = new StringBuilder();
    text.append("strata ").append(operation.verb()).append(": ").append(operation.summary());
    text.append("\n\nUsage: strata ").append(operation.verb());
    for (Parameter parameter : operation.parameters()) {
      text.append(' ')
          .append(parameter.required() ? parameter.usage() : "[" + parameter.usage() + "]");
    }
    text.append("\n");
    parameters(text, "Required", operation.parameters().stream().filter(Parameter::required));
    parameters(text, "Optional", operation.parameters().stream().filter(p -> !p.required()));
    if (operation.lists() || operation.verb().endsWith("-param-set")) {
      String prefix = operation.verb().substring(0, operation.verb().indexOf('-'));
      text.append("\nFields\n  ")
          .append(
              RecordClass.ofPrefix(prefix).fields().stream()
                  .filter(field -> operation.lists() || field.access().writable())
                  .map(RecordClass.Field::name)
                  .collect(Collectors.joining(", ")))
          .append('\n');
    }
    return text.toString();
  }

  private static void parameters(StringBuilder text, String title, Stream<Parameter> parameters) {
    List<Parameter> listed = parameters.toList();
    if (listed.isEmpty()) {
      return;
    }
    text.append('\n').append(title).append('\n');
    listed.forEach(parameter -> text.append(line(parameter.usage(), parameter.description())));
  }
}
