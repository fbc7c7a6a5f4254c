// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import io.strata.spi.ErrorCode;
import io.strata.spi.Messages;
import io.strata.spi.StorageException;
import java.time.Duration;

/// How a run ended.
///
/// @param exitCode what the program returned; 128 + the signal's number where one ended it
/// @param stdout its output, as UTF-8, up to the command's bound
/// @param stderr its complaints, as UTF-8, up to the command's bound
/// @param truncated whether there was more output than the bound
/// @param elapsed how long it ran
public record ProcessResult(
    Command command,
    int exitCode,
    String stdout,
    String stderr,
    boolean truncated,
    Duration elapsed) {

  /// Whether the program returned 0.
  public boolean succeeded() {
    return exitCode == 0;
  }

  /// This result, if the program succeeded.
  ///
  /// @param code the number for its failure
  /// @param remedy what to do about a failure, a sentence
  /// @throws StorageException with the program's own words
  public ProcessResult orThrow(ErrorCode code, String remedy) throws StorageException {
    if (succeeded()) {
      return this;
    }
    throw new StorageException(
        code,
        command.program() + " failed with exit code " + exitCode + ": " + complaint() + ".",
        remedy);
  }

  /// What the program said when it failed, on one line that is safe to show.
  public String complaint() {
    String said = stderr.isBlank() ? stdout : stderr;
    String line = Messages.printable(said.strip().replaceAll("\\s*\\R\\s*", "; "));
    String bare = line.endsWith(".") ? line.substring(0, line.length() - 1) : line;
    return bare.isEmpty() ? "it said nothing" : bare;
  }
}
