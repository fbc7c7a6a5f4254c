// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Major and minor number by which the kernel knows a device.
public record DeviceNumber(int major, int minor) {
  private static final Pattern FORM = Pattern.compile("(\\d{1,9}):(\\d{1,9})");

  /// Reads `major:minor`.
  public static Optional<DeviceNumber> parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    return matcher.matches()
        ? Optional.of(
            new DeviceNumber(
                Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2))))
        : Optional.empty();
  }

  @Override
  public String toString() {
    return major + ":" + minor;
  }
}
