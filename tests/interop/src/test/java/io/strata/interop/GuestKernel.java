// SPDX-License-Identifier: Apache-2.0
package io.strata.interop;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A distribution's kernel, unpacked below a directory as its package lays it out.
///
/// @param image the bzImage
/// @param modules each module's file by its name, with `-` for `_`
record GuestKernel(Path image, Map<String, Path> modules) {

  private static final Pattern DEPENDS = Pattern.compile("\0depends=([^\0]*)\0");

  /// Finds what `verify` unpacked; skips the test where there is nothing.
  static GuestKernel require() throws IOException {
    Path unpacked = Path.of(System.getProperty("strata.guest.kernel", "target/kernel"));
    Optional<Path> image = firstBelow(unpacked.resolve("boot"), "vmlinuz-");
    assumeTrue(
        image.isPresent(), "no guest kernel below " + unpacked + " (./verify unpacks Debian's)");
    try (Stream<Path> files = Files.walk(unpacked.resolve("lib/modules"))) {
      Map<String, Path> modules =
          files
              .filter(file -> file.toString().endsWith(".ko"))
              .collect(
                  Collectors.toUnmodifiableMap(
                      GuestKernel::moduleName, Function.identity(), (first, second) -> first));
      return new GuestKernel(image.orElseThrow(), modules);
    }
  }

  /// The files of these modules and of all that they need, in the order in which they load. A name
  /// without a file is built into the kernel.
  List<Path> loadOrder(String... names) throws IOException {
    Set<String> ordered = new LinkedHashSet<>();
    for (String name : names) {
      add(name, ordered);
    }
    List<Path> files = new ArrayList<>();
    for (String name : ordered) {
      Optional.ofNullable(modules.get(name)).ifPresent(files::add);
    }
    return files;
  }

  private void add(String name, Set<String> ordered) throws IOException {
    Path file = modules.get(name);
    if (file != null) {
      for (String needed : dependencies(file)) {
        add(needed, ordered);
      }
    }
    ordered.add(name);
  }

  private static List<String> dependencies(Path module) throws IOException {
    String text = new String(Files.readAllBytes(module), StandardCharsets.ISO_8859_1);
    Matcher depends = DEPENDS.matcher(text);
    if (!depends.find() || depends.group(1).isEmpty()) {
      return List.of();
    }
    return Stream.of(depends.group(1).split(",", -1)).map(GuestKernel::normalised).toList();
  }

  private static String moduleName(Path file) {
    return normalised(String.valueOf(file.getFileName()).replace(".ko", ""));
  }

  private static String normalised(String name) {
    return name.replace('_', '-');
  }

  private static Optional<Path> firstBelow(Path directory, String prefix) throws IOException {
    if (!Files.isDirectory(directory)) {
      return Optional.empty();
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(file -> String.valueOf(file.getFileName()).startsWith(prefix))
          .findFirst();
    }
  }
}
