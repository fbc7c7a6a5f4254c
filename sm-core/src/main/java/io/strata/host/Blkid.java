// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import io.strata.host.Signature.Kind;
import io.strata.spi.ErrorCode;
import io.strata.spi.Messages;
import io.strata.spi.StorageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// Reads what a device holds with `blkid -p`, which looks at the device itself, not at a cache.
///
/// | exit code | meaning |
/// |---|---|
/// | 0 | found, `KEY=value` lines on standard output |
/// | 2 | nothing found, or it could not look, sometimes without a word |
/// | 8 | several contents that contradict each other |
///
/// Source: blkid(8), "EXIT STATUS".
final class Blkid {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final int NOTHING_FOUND = 2;
  private static final int AMBIVALENT = 8;
  private static final int BEGINNING_BYTES = 4096;

  private final ProcessRunner runner;

  Blkid(ProcessRunner runner) {
    this.runner = runner;
  }

  Optional<Signature> look(Path device) throws StorageException {
    requireReadable(device);
    ProcessResult result =
        runner.run(
            Command.of("blkid", "-p", "-o", "export", "--", device.toString()).within(TIMEOUT));
    if (result.exitCode() == AMBIVALENT) {
      return Optional.of(
          new Signature(Kind.AMBIGUOUS, "ambiguous", Optional.empty(), Optional.empty()));
    }
    if (result.exitCode() == NOTHING_FOUND && result.stderr().isBlank()) {
      return Optional.empty();
    }
    if (!result.succeeded()) {
      return failed(result, remedy(device));
    }
    return parse(result.stdout());
  }

  /// A device that blkid can't read must never pass for a blank one.
  private static void requireReadable(Path device) throws StorageException {
    try (FileChannel channel = FileChannel.open(device, StandardOpenOption.READ)) {
      channel.read(ByteBuffer.allocate(BEGINNING_BYTES));
    } catch (IOException failed) {
      throw new StorageException(
          ErrorCode.INVALID_DEV,
          device + " can't be read: " + failed + ".",
          remedy(device),
          failed);
    }
  }

  private static String remedy(Path device) {
    return "Check that " + device + " answers and that the daemon may read it (it needs root).";
  }

  static Optional<Signature> parse(String export) {
    Map<String, String> values = new HashMap<>();
    for (String line : export.lines().toList()) {
      int equals = line.indexOf('=');
      if (equals > 0) {
        values.put(line.substring(0, equals), unescape(line.substring(equals + 1)));
      }
    }
    Optional<String> label = Optional.ofNullable(values.get("LABEL")).map(Messages::printable);
    Optional<String> uuid = Optional.ofNullable(values.get("UUID")).map(Messages::printable);
    String type = values.get("TYPE");
    if (type != null) {
      return Optional.of(new Signature(kind(values.getOrDefault("USAGE", "")), type, label, uuid));
    }
    return Optional.ofNullable(values.get("PTTYPE"))
        .map(table -> new Signature(Kind.PARTITION_TABLE, table, Optional.empty(), uuid));
  }

  private static Optional<Signature> failed(ProcessResult result, String remedy)
      throws StorageException {
    result.orThrow(ErrorCode.INVALID_DEV, remedy);
    throw new AssertionError("a result that did not succeed throws");
  }

  private static Kind kind(String usage) {
    return switch (usage) {
      case "filesystem" -> Kind.FILESYSTEM;
      case "raid" -> Kind.MEMBER;
      case "crypto" -> Kind.ENCRYPTED;
      default -> Kind.OTHER;
    };
  }

  /// The export form puts a backslash before characters that a shell would act on.
  private static String unescape(String value) {
    return value.replaceAll("\\\\(.)", "$1");
  }
}
