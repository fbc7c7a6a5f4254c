// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack;

import io.strata.spi.ErrorCode;
import io.strata.spi.Messages;
import io.strata.spi.StorageException;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Sizes as people type and read them. Every unit is a power of 1024, as in `xe`.
public final class ByteSize {
  private static final Pattern TYPED = Pattern.compile("([0-9]{1,19})\\s*([a-zA-Z]*)");
  private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  private static final Map<String, Integer> SHIFTS =
      Map.ofEntries(
          Map.entry("", 0),
          Map.entry("b", 0),
          Map.entry("bytes", 0),
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

  private ByteSize() {}

  /// Reads `2GiB`, `2g`, `2147483648`.
  ///
  /// @return bytes
  /// @throws StorageException [ErrorCode#INVALID_ARG] for anything else, or beyond 8 EiB
  public static long parse(String typed) throws StorageException {
    Matcher matcher = TYPED.matcher(typed.strip());
    if (!matcher.matches()) {
      throw invalid(typed);
    }
    Integer shift = SHIFTS.get(matcher.group(2).toLowerCase(Locale.ROOT));
    if (shift == null) {
      throw invalid(typed);
    }
    try {
      return Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << shift);
    } catch (ArithmeticException | NumberFormatException tooLarge) {
      throw new StorageException(
          ErrorCode.INVALID_ARG,
          "The size '" + Messages.printable(typed) + "' is beyond 8 EiB.",
          "Give a smaller one.",
          tooLarge);
    }
  }

  private static StorageException invalid(String typed) {
    return new StorageException(
        ErrorCode.INVALID_ARG,
        "'" + Messages.printable(typed) + "' is not a size.",
        "Give bytes, or a whole number with KiB, MiB, GiB or TiB.");
  }

  /// For people: three digits or so and a unit, `1.5 GiB`.
  public static String show(long bytes) {
    double value = bytes;
    int unit = 0;
    while (Math.abs(value) >= 1024 && unit < UNITS.length - 1) {
      value /= 1024;
      unit++;
    }
    boolean whole = unit == 0 || value >= 100 || value == Math.rint(value);
    return String.format(Locale.ROOT, whole ? "%.0f %s" : "%.1f %s", value, UNITS[unit]);
  }
}
