// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.host.Command;
import io.strata.host.ProcessRunner;
import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;

/// An ext4 image with files of this machine, made without root.
///
/// @param source the folder that was put in
/// @param file the image
record DemoImage(Path source, Path file) {
  private static final List<Path> SOURCES =
      List.of(
          Path.of("/usr/share/doc"),
          Path.of("/usr/share/zoneinfo"),
          Path.of("/usr/share/perl5"),
          Path.of("/usr/share/common-licenses"),
          Path.of("/usr/share/man"));
  private static final long LARGEST_CONTENT_BYTES = 130L << 20;
  private static final long SMALLEST_IMAGE_BYTES = 64L << 20;
  private static final long GRAIN_BYTES = 2L << 20;
  private static final String REMEDY =
      "Install e2fsprogs, or give a raw disk image of your own with --image FILE.";

  /// Makes the image.
  ///
  /// @param folder where it goes
  static DemoImage make(Path folder, Path file) throws StorageException, IOException {
    for (Path source : SOURCES) {
      Content content = Content.of(source);
      if (content.files == 0 || content.bytes > LARGEST_CONTENT_BYTES || content.unreadable) {
        continue;
      }
      long bytes = content.bytes + content.bytes / 4 + content.files * 512L + (32L << 20);
      long rounded = Math.ceilDiv(Math.max(bytes, SMALLEST_IMAGE_BYTES), GRAIN_BYTES) * GRAIN_BYTES;
      GivenImage.checkRoom(rounded, GivenImage.room(folder), folder);
      new ProcessRunner()
          .run(
              Command.of(
                      "mke2fs",
                      "-q",
                      "-F",
                      "-t",
                      "ext4",
                      "-d",
                      source.toString(),
                      file.toString(),
                      rounded / 1024 + "k")
                  .within(Duration.ofMinutes(3)))
          .orThrow(ErrorCode.LVM_FILESYSTEM, REMEDY);
      return new DemoImage(source, file);
    }
    throw new StorageException(
        ErrorCode.INVALID_ARG,
        "None of " + SOURCES + " has files that this user may read, of up to 130 MiB.",
        "Give a raw disk image of your own with --image FILE.");
  }

  /// What is in a folder.
  private static final class Content extends SimpleFileVisitor<Path> {
    private long bytes;
    private long files;
    private boolean unreadable;

    static Content of(Path folder) throws IOException {
      Content content = new Content();
      if (Files.isDirectory(folder)) {
        Files.walkFileTree(folder, content);
      }
      return content;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      files++;
      bytes += attributes.isRegularFile() ? attributes.size() : 0;
      unreadable |= attributes.isRegularFile() && !Files.isReadable(file);
      return bytes > LARGEST_CONTENT_BYTES ? FileVisitResult.TERMINATE : FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException e) {
      unreadable = true;
      return FileVisitResult.CONTINUE;
    }
  }
}
