// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Image files by their names: `.vhd`, and `.avhd` as Hyper-V names what it writes after a
/// checkpoint.
public final class VhdFiles {
  private VhdFiles() {}

  /// Whether a name is that of an image, in upper or lower case.
  public static boolean isNamed(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.endsWith(".vhd") || lower.endsWith(".avhd");
  }

  /// The regular files of a folder that have such a name. Symbolic links are passed over.
  public static List<Path> in(Path folder) throws IOException {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        String name = Optional.ofNullable(file.getFileName()).map(Path::toString).orElse("");
        if (isNamed(name) && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
          found.add(file);
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return found;
  }
}
