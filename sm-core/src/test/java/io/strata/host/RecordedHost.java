// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Puts a recorded host into a folder, from a text that describes it.
///
/// | line | makes |
/// |---|---|
/// | `path/` | a folder |
/// | `path = text` | a file with that text and a newline; `\n`, `\\` and `\xHH` are escapes |
/// | `path -> target` | a symbolic link; a target that begins with `/` is taken in the folder |
/// | `# ...` | nothing |
final class RecordedHost {
  private static final Pattern BYTE = Pattern.compile("\\\\(x[0-9a-fA-F]{2}|n|\\\\)");

  private RecordedHost() {}

  /// @param resource name of the text beside this class
  static HostRoot in(Path folder, String resource) throws IOException {
    try (InputStream text = RecordedHost.class.getResourceAsStream(resource)) {
      if (text == null) {
        throw new IOException("no recorded host " + resource);
      }
      for (String line : new String(text.readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
        if (!line.isBlank() && !line.startsWith("#")) {
          make(folder, line);
        }
      }
    }
    return HostRoot.under(folder);
  }

  private static void make(Path folder, String line) throws IOException {
    int arrow = line.indexOf(" -> ");
    int equals = line.indexOf(" = ");
    if (arrow > 0) {
      link(folder, line.substring(0, arrow), line.substring(arrow + 4));
    } else if (equals > 0) {
      file(folder.resolve(line.substring(0, equals)), line.substring(equals + 3));
    } else if (line.endsWith("/")) {
      Files.createDirectories(folder.resolve(line));
    } else {
      throw new IOException("not a line of a recorded host: " + line);
    }
  }

  private static void link(Path folder, String name, String target) throws IOException {
    Path link = folder.resolve(name);
    Files.createDirectories(link.getParent());
    Path to = target.startsWith("/") ? folder.resolve(target.substring(1)) : Path.of(target);
    Files.createSymbolicLink(link, to);
  }

  private static void file(Path file, String escaped) throws IOException {
    Matcher matcher = BYTE.matcher(escaped);
    String content =
        matcher.replaceAll(found ->
            Matcher.quoteReplacement(
                switch (found.group(1)) {
                  case "n" -> "\n";
                  case "\\" -> "\\";
                  case String hex -> String.valueOf((char) Integer.parseInt(hex.substring(1), 16));
                }));
    Files.createDirectories(file.getParent());
    Files.write(file, (content + "\n").getBytes(StandardCharsets.ISO_8859_1));
  }
}
