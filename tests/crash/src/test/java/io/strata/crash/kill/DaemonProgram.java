// SPDX-License-Identifier: Apache-2.0
package io.strata.crash.kill;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

/// This process's classes as jars, and an AOT cache of what the daemon needs of them: it is started
/// more often than it lives long.
///
/// @param folder where jars and cache are
/// @param classPath jars only, as an AOT cache wants it
record DaemonProgram(Path folder, String classPath) {
  /// Makes the jars; there is no cache yet.
  ///
  /// @param folder an empty one
  static DaemonProgram of(Path folder) throws IOException {
    List<String> jars = new ArrayList<>();
    int count = 0;
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      Path path = Path.of(entry);
      if (Files.isDirectory(path)) {
        Path jar = folder.resolve("classes" + count++ + ".jar");
        pack(path, jar);
        jars.add(jar.toString());
      } else if (Files.isRegularFile(path)) {
        jars.add(entry);
      }
    }
    return new DaemonProgram(folder, String.join(File.pathSeparator, jars));
  }

  private static void pack(Path classes, Path jar) throws IOException {
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream out = new JarOutputStream(file);
        Stream<Path> paths = Files.walk(classes)) {
      for (Path path : paths.filter(Files::isRegularFile).sorted().toList()) {
        out.putNextEntry(new JarEntry(classes.relativize(path).toString()));
        Files.copy(path, out);
      }
    }
  }

  private Path cache() {
    return folder.resolve("daemon.aot");
  }

  /// The daemon's command; with the cache where there is one.
  List<String> command(Path home) {
    return command(home, Files.exists(cache()) ? List.of("-XX:AOTCache=" + cache()) : List.of());
  }

  /// The command of a daemon that writes the cache at its end.
  List<String> trainingCommand(Path home) {
    return command(home, List.of("-XX:AOTCacheOutput=" + cache()));
  }

  private List<String> command(Path home, List<String> options) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // It lives for a second or two: quick code soon counts for more than the best code late.
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m"));
    command.addAll(List.of("-Xlog:disable", "-Xlog:all=error:stderr"));
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-Djava.io.tmpdir=" + folder);
    command.addAll(options);
    command.addAll(List.of("-cp", classPath, "io.strata.toolstack.cli.Main"));
    command.addAll(List.of("daemon", "--foreground", "--home", home.toString()));
    return command;
  }
}
