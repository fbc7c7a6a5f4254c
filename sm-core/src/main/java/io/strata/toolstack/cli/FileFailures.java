// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.spi.ErrorCode;
import io.strata.spi.Messages;
import io.strata.spi.StorageException;
import io.strata.vhd.VhdCorruptException;
import io.strata.vhd.VhdRejectedException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/// What the failures of a command on files mean for who gave it.
final class FileFailures {
  private FileFailures() {}

  /// The failure on one line, with a number and what to do where its kind says that much.
  static String line(IOException e) {
    return known(e).map(Main::error).orElseGet(() -> "Error: " + Tools.said(e));
  }

  /// The failure, with a number and what to do.
  static StorageException of(IOException e) {
    return known(e)
        .orElseGet(() ->
            failure(
                ErrorCode.IO_ERROR,
                Optional.ofNullable(e.getMessage()).orElseGet(() -> Messages.reason(e)),
                "Check the health of the storage, then try again."));
  }

  private static Optional<StorageException> known(IOException e) {
    String what = String.valueOf(e.getMessage());
    return switch (e) {
      case VhdCorruptException _ ->
          Optional.of(
              failure(
                  ErrorCode.VDI_LOAD,
                  what,
                  "See strata vhd check for all that is wrong, and strata vhd repair for what can"
                      + " be repaired."));
      case VhdRejectedException _ ->
          Optional.of(
              failure(
                  ErrorCode.VDI_LOAD,
                  what,
                  "Put its parents beside it, as they were when it was made over them."));
      // It carries nothing but a name: the kind says the rest.
      case FileAlreadyExistsException _ ->
          Optional.of(
              failure(
                  ErrorCode.INVALID_ARG, what + " exists already", "Give another, or --force."));
      case FileSystemException failed ->
          Optional.of(brokenLink(failed).orElseGet(() -> ofFile(failed)));
      default ->
          what.contains("No space left") || what.contains("Disk quota exceeded")
              ? Optional.of(noSpace(what))
              : Optional.empty();
    };
  }

  private static StorageException ofFile(FileSystemException e) {
    String what = String.valueOf(e.getMessage());
    String file = String.valueOf(e.getFile());
    return switch (Messages.reason(e)) {
      case "No such file or directory" ->
          failure(ErrorCode.INVALID_ARG, what + " is not there", "Give the path of one that is.");
      case "Permission denied", "Operation not permitted" ->
          failure(
              ErrorCode.INVALID_ARG,
              file + " may not be opened by this user",
              "Run the command as one who may.");
      case "Read-only file system" ->
          failure(
              ErrorCode.IO_ERROR,
              file + " is on a file system that is mounted read-only",
              "Mount that for writing, or give a copy that stands elsewhere.");
      case "No space left on device", "Disk quota exceeded" -> noSpace(what);
      case "Input/output error", "Stale file handle" ->
          failure(ErrorCode.IO_ERROR, what, "Check the health of the storage, then try again.");
      default -> failure(ErrorCode.IO_ERROR, what, "Give the path of a regular file.");
    };
  }

  /// Where a symbolic link is on the way to the file.
  private static Optional<StorageException> brokenLink(FileSystemException e) {
    if (e.getFile() == null) {
      return Optional.empty();
    }
    Path path = Path.of(e.getFile()).toAbsolutePath();
    for (int i = 1; i <= path.getNameCount(); i++) {
      Path part = path.getRoot().resolve(path.subpath(0, i));
      if (Files.isSymbolicLink(part)) {
        Optional<StorageException> broken = broken(part, i == path.getNameCount());
        if (broken.isPresent()) {
          return broken;
        }
      }
    }
    return Optional.empty();
  }

  private static Optional<StorageException> broken(Path link, boolean last) {
    try {
      Path target = link.toRealPath();
      return last
          ? Optional.of(
              failure(
                  ErrorCode.INVALID_ARG,
                  link + " is a symbolic link, which is not followed",
                  "Give the file that it leads to: " + target + "."))
          : Optional.empty();
    } catch (NoSuchFileException e) {
      return Optional.of(
          failure(
              ErrorCode.INVALID_ARG,
              link + " is a symbolic link to what is not there",
              "Make the link anew, or give the file that is meant."));
    } catch (AccessDeniedException e) {
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(
          failure(
              ErrorCode.INVALID_ARG,
              link + " is a symbolic link that leads back to itself",
              "Remove the link, and give the file that is meant."));
    }
  }

  private static StorageException noSpace(String what) {
    return failure(ErrorCode.SR_NO_SPACE, what, "Free space there, then try again.");
  }

  private static StorageException failure(ErrorCode code, String what, String remedy) {
    return new StorageException(code, what + ".", remedy);
  }
}
