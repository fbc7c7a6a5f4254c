// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.VdiRecord;
import io.strata.nbd.ThrottleLimits;
import io.strata.spi.ErrorCode;
import io.strata.spi.Messages;
import io.strata.spi.StorageException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The limits of a disk as its `qos_algorithm_type` and `qos_algorithm_params` say them.
///
/// | type | parameter | value |
/// |---|---|---|
/// | empty | any | kept, no limits |
/// | `token-bucket` | `iops` | requests a second, a whole number |
/// | | `bandwidth` | bytes a second, `50MiB` |
/// | | `burst` | idle time that may be made up for, `2s` or `500ms` |
final class QosParameters {
  static final String TOKEN_BUCKET = "token-bucket";
  private static final String IOPS = "iops";
  private static final String BANDWIDTH = "bandwidth";
  private static final String BURST = "burst";

  private static final Pattern WHOLE = Pattern.compile("[0-9]{1,18}");
  private static final Pattern SIZE = Pattern.compile("([0-9]{1,18})\\s*([a-zA-Z]*?)(?:/s)?");
  private static final Pattern TIME = Pattern.compile("([0-9]{1,9})\\s*(ms|s)");
  private static final Map<String, Integer> SHIFTS =
      Map.ofEntries(
          Map.entry("", 0),
          Map.entry("b", 0),
          Map.entry("k", 10),
          Map.entry("kb", 10),
          Map.entry("kib", 10),
          Map.entry("m", 20),
          Map.entry("mb", 20),
          Map.entry("mib", 20),
          Map.entry("g", 30),
          Map.entry("gb", 30),
          Map.entry("gib", 30),
          Map.entry("t", 40),
          Map.entry("tb", 40),
          Map.entry("tib", 40));

  private QosParameters() {}

  /// @throws StorageException [ErrorCode#INVALID_ARG] for an algorithm that there is not
  static void checkAlgorithm(String algorithm) throws StorageException {
    if (!algorithm.isEmpty() && !algorithm.equals(TOKEN_BUCKET)) {
      throw new StorageException(
          ErrorCode.INVALID_ARG,
          "There is no qos_algorithm_type '" + Messages.printable(algorithm) + "'.",
          "Give " + TOKEN_BUCKET + ", or nothing for no limits.");
    }
  }

  /// @throws StorageException [ErrorCode#INVALID_ARG] for a key or a value that means nothing
  static void check(String key, String value) throws StorageException {
    switch (key) {
      case IOPS -> requestsPerSecond(value);
      case BANDWIDTH -> bytesPerSecond(value);
      case BURST -> burst(value);
      default ->
          throw new StorageException(
              ErrorCode.INVALID_ARG,
              "qos_algorithm_params has no key '" + Messages.printable(key) + "'.",
              "Give iops, bandwidth or burst.");
    }
  }

  /// @throws StorageException [ErrorCode#INVALID_ARG] for values that mean nothing: an SR may bring
  ///   some along that were set elsewhere
  static ThrottleLimits limits(VdiRecord vdi) throws StorageException {
    checkAlgorithm(vdi.qosAlgorithmType());
    if (vdi.qosAlgorithmType().isEmpty()) {
      return ThrottleLimits.NONE;
    }
    OptionalLong requests = OptionalLong.empty();
    OptionalLong bytes = OptionalLong.empty();
    Duration burst = ThrottleLimits.DEFAULT_BURST;
    for (Map.Entry<String, String> parameter : vdi.qosAlgorithmParams().entrySet()) {
      String value = parameter.getValue();
      switch (parameter.getKey()) {
        case IOPS -> requests = OptionalLong.of(requestsPerSecond(value));
        case BANDWIDTH -> bytes = OptionalLong.of(bytesPerSecond(value));
        case BURST -> burst = burst(value);
        default -> check(parameter.getKey(), value);
      }
    }
    return new ThrottleLimits(requests, bytes, burst);
  }

  private static long requestsPerSecond(String value) throws StorageException {
    long requests = WHOLE.matcher(value).matches() ? Long.parseLong(value) : 0;
    if (requests < 1 || requests > ThrottleLimits.MOST_REQUESTS_PER_SECOND) {
      throw invalid(
          IOPS,
          value,
          "a whole number from 1 to " + ThrottleLimits.MOST_REQUESTS_PER_SECOND + ", or remove it");
    }
    return requests;
  }

  private static long bytesPerSecond(String value) throws StorageException {
    Matcher matcher = SIZE.matcher(value);
    Integer shift =
        matcher.matches() ? SHIFTS.get(matcher.group(2).toLowerCase(Locale.ROOT)) : null;
    if (shift != null) {
      long number = Long.parseLong(matcher.group(1));
      if (number >= (ThrottleLimits.LEAST_BYTES_PER_SECOND + (1L << shift) - 1) >> shift
          && number <= ThrottleLimits.MOST_BYTES_PER_SECOND >> shift) {
        return number << shift;
      }
    }
    throw invalid(BANDWIDTH, value, "bytes a second from 1MiB to 1TiB, or remove it");
  }

  private static Duration burst(String value) throws StorageException {
    Matcher matcher = TIME.matcher(value);
    if (matcher.matches()) {
      long number = Long.parseLong(matcher.group(1));
      Duration burst =
          matcher.group(2).equals("s") ? Duration.ofSeconds(number) : Duration.ofMillis(number);
      if (burst.compareTo(ThrottleLimits.LONGEST_BURST) <= 0) {
        return burst;
      }
    }
    throw invalid(BURST, value, "a time from 0s to 60s, as in 2s or 500ms");
  }

  private static StorageException invalid(String key, String value, String remedy) {
    return new StorageException(
        ErrorCode.INVALID_ARG,
        "qos_algorithm_params:" + key + " can't be '" + Messages.printable(value) + "'.",
        "Give " + remedy + ".");
  }
}
