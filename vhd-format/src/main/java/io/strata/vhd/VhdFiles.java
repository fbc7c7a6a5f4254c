// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import io.strata.block.Container;
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

  /// As [#isNamed(String)], by the last part of a path.
  public static boolean isNamed(Path file) {
    return isNamed(Optional.ofNullable(file.getFileName()).map(Path::toString).orElse(""));
  }

  /// The regular files of a folder that have such a name. Symbolic links are passed over.
  public static List<Path> in(Path folder) throws IOException {
    return regular(folder).stream().filter(VhdFiles::isNamed).toList();
  }

  /// All regular files of a folder, whatever their names. Symbolic links are passed over.
  public static List<Path> regular(Path folder) throws IOException {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
          found.add(file);
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return found;
  }

  /// Whether something begins or ends like an image, valid or not. Nothing between is read.
  public static boolean looksLikeImage(Container container) throws IOException {
    long size = container.sizeBytes();
    return size >= VhdLayout.SHORT_FOOTER_BYTES
        && (cookieAt(container, 0)
            || cookieAt(container, size - VhdLayout.SHORT_FOOTER_BYTES)
            || (size >= VhdLayout.FOOTER_BYTES
                && cookieAt(container, size - VhdLayout.FOOTER_BYTES)));
  }

  private static boolean cookieAt(Container container, long offsetBytes) throws IOException {
    return Bytes.read(container, offsetBytes, Long.BYTES).getLong() == VhdLayout.FOOTER_COOKIE;
  }
}
