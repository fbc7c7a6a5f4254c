// SPDX-License-Identifier: Apache-2.0
package io.strata.driver.local;

import io.strata.spi.ErrorCode;
import io.strata.spi.Messages;
import io.strata.spi.Repository;
import io.strata.spi.SpaceStat;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.store.DirectoryStore;
import io.strata.store.VhdRepository;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// A folder that exists and holds one SR, or is about to.
///
/// One folder, one SR: the marker in it says which. The SR's files stand in the folder itself.
record SrFolder(Path path) {
  /// What the filesystem itself puts into an empty folder.
  private static final Set<String> NOT_OURS = Set.of("lost+found");

  private static final int NAMES_SHOWN = 5;

  /// The SR that lives in the folder, if one does.
  Optional<SrUuid> owner() throws StorageException {
    try {
      return SrMarker.read(path);
    } catch (IOException failed) {
      throw new StorageException(
          ErrorCode.METADATA_ERROR,
          "It can't be told which SR lives in " + path + ": " + failed.getMessage() + ".",
          "Restore the file "
              + SrMarker.NAME
              + " from a backup, or remove it if no SR is to live there.",
          failed);
    }
  }

  /// Makes the folder the SR's. Does nothing where it is that already.
  ///
  /// @throws StorageException [ErrorCode#SR_IN_USE] where another SR lives there,
  ///   [ErrorCode#SR_EXISTS] where it holds anything else
  void claim(SrUuid sr) throws StorageException {
    Optional<SrUuid> owner = owner();
    if (owner.isPresent()) {
      requireOwner(owner.get(), sr);
      return;
    }
    requireEmpty();
    try {
      SrMarker.write(path, sr);
    } catch (FileAlreadyExistsException raced) {
      requireOwner(owner().orElse(sr), sr);
    } catch (IOException failed) {
      throw new StorageException(
          ErrorCode.FILE_SR_CREATE,
          "The folder "
              + path
              + " can't be marked as SR "
              + sr
              + ": "
              + Messages.reason(failed)
              + ".",
          "Make the folder writable for the daemon and free some space.",
          failed);
    }
  }

  /// Opens the SR for use.
  ///
  /// @param after what makes the storage unreachable once the repository is closed
  Repository open(SrUuid sr, Detach after) throws StorageException {
    requireOwner(
        owner()
            .orElseThrow(() ->
                new StorageException(
                    ErrorCode.SR_UNAVAILABLE,
                    "No SR lives in " + path + ": the marker " + SrMarker.NAME + " is missing.",
                    "Check that the right storage is mounted there and that the SR was"
                        + " created with this device-config.")),
        sr);
    SrLock lock = SrLock.take(path, sr);
    try {
      return new AttachedRepository(new VhdRepository(new DirectoryStore(path)), path, lock, after);
    } catch (StorageException | RuntimeException failed) {
      closeAfter(failed, lock);
      throw failed;
    }
  }

  /// Takes the SR away, once it holds no VDI. Does nothing where it is gone already.
  void clear(SrUuid sr) throws StorageException {
    Optional<SrUuid> owner = owner();
    if (owner.isEmpty()) {
      return;
    }
    requireOwner(owner.get(), sr);
    List<String> volumes = names().stream().filter(SrFolder::isVolume).toList();
    if (!volumes.isEmpty()) {
      throw new StorageException(
          ErrorCode.SR_NOT_EMPTY,
          "SR "
              + sr
              + " in "
              + path
              + " still holds "
              + volumes.size()
              + " volumes: "
              + shown(volumes)
              + ".",
          "Destroy its VDIs and snapshots first.");
    }
    try {
      for (String name : names()) {
        if (name.startsWith(".strata-") && !name.equals(SrMarker.NAME)) {
          Files.deleteIfExists(path.resolve(name));
        }
      }
      // The marker goes last: until then a repeated destroy still knows what to remove.
      SrMarker.remove(path);
    } catch (IOException failed) {
      throw new StorageException(
          ErrorCode.FILE_SR_DELETE,
          "The files of SR " + sr + " in " + path + " can't be removed: " + failed + ".",
          "Make the folder writable for the daemon, then destroy the SR again.",
          failed);
    }
  }

  /// Whether an SR can be made in it.
  boolean isEmpty() throws StorageException {
    return content().isEmpty();
  }

  /// What stands in it, without what the filesystem or a creation that a crash cut off put there.
  private List<String> content() throws StorageException {
    return names().stream()
        .filter(name -> !NOT_OURS.contains(name) && !name.startsWith(SrMarker.NAME))
        .toList();
  }

  /// Size and room of the filesystem it lies on.
  SpaceStat space() throws StorageException {
    try {
      FileStore store = Files.getFileStore(path);
      return new SpaceStat(store.getTotalSpace(), store.getUsableSpace());
    } catch (IOException failed) {
      throw new StorageException(
          ErrorCode.SR_UNAVAILABLE,
          "The room on the filesystem of "
              + path
              + " can't be told: "
              + Messages.reason(failed)
              + ".",
          "Check that it is mounted and healthy.",
          failed);
    }
  }

  private void requireOwner(SrUuid owner, SrUuid sr) throws StorageException {
    if (!owner.equals(sr)) {
      throw new StorageException(
          ErrorCode.SR_IN_USE,
          path + " belongs to SR " + owner + ", not to SR " + sr + ".",
          "Introduce SR " + owner + " to use it, or choose another folder or disk.");
    }
  }

  private void requireEmpty() throws StorageException {
    List<String> found = content();
    if (!found.isEmpty()) {
      throw new StorageException(
          ErrorCode.SR_EXISTS,
          path + " is not empty: it holds " + shown(found) + ".",
          "Choose an empty folder or one that does not exist yet, or empty this one.");
    }
  }

  private List<String> names() throws StorageException {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        names.add(name);
      }
    } catch (IOException | DirectoryIteratorException failed) {
      throw new StorageException(
          ErrorCode.SR_UNAVAILABLE,
          "The folder " + path + " can't be read: " + failed + ".",
          "Make it readable for the daemon.",
          failed);
    }
    return names.stream().sorted().toList();
  }

  private static boolean isVolume(String name) {
    return name.endsWith(".vhd") || name.endsWith(".raw");
  }

  private static String shown(List<String> names) {
    String first = String.join(", ", names.subList(0, Math.min(NAMES_SHOWN, names.size())));
    return Messages.printable(names.size() > NAMES_SHOWN ? first + " and more" : first);
  }

  private static void closeAfter(Exception failure, SrLock lock) {
    try {
      lock.close();
    } catch (IOException alsoFailed) {
      failure.addSuppressed(alsoFailed);
    }
  }
}
