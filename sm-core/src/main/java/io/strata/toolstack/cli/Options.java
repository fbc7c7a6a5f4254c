// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The words of a command line, without the options that every verb takes.
///
/// @param words the verb and its parameters, also those that are given as `--name`
/// @param home the daemon's folder, where `--home` names one
/// @param start whether a daemon is started where none runs
record Options(
    List<String> words,
    boolean minimal,
    boolean json,
    boolean help,
    boolean start,
    Optional<String> home) {

  static Options parse(List<String> arguments) throws UsageException {
    List<String> words = new ArrayList<>();
    boolean minimal = false;
    boolean json = false;
    boolean help = false;
    boolean start = true;
    Optional<String> home = Optional.empty();
    for (int i = 0; i < arguments.size(); i++) {
      String word = arguments.get(i);
      switch (word) {
        case "--minimal" -> minimal = true;
        case "--json" -> json = true;
        case "--help", "-h" -> help = true;
        case "--no-start" -> start = false;
        case "--home" -> {
          if (++i == arguments.size()) {
            throw new UsageException("--home needs a folder.", "");
          }
          home = Optional.of(arguments.get(i));
        }
        default -> {
          if (word.startsWith("--home=")) {
            home = Optional.of(word.substring("--home=".length()));
          } else if (word.startsWith("-") && (words.isEmpty() || !word.startsWith("--"))) {
            throw new UsageException("Unknown option: " + word, "");
          } else {
            words.add(word);
          }
        }
      }
    }
    return new Options(List.copyOf(words), minimal, json, help, start, home);
  }
}
