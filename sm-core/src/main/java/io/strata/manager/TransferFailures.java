// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.ErrorCode;
import io.strata.spi.Messages;
import io.strata.spi.StorageException;
import io.strata.vhd.VhdCorruptException;
import io.strata.vhd.VhdRejectedException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/// What a medium's failure means for an import, an export or a copy.
final class TransferFailures {
  private static final String IMPORT = "vdi-import";
  private static final String EXPORT = "vdi-export";

  private TransferFailures() {}

  static StorageException of(String verb, IOException e) {
    String why = why(e);
    return switch (e) {
      case TooLargeException _ ->
          new StorageException(ErrorCode.VDI_SIZE, why + ".", "Give a larger disk.", e);
      case CancelledException _ ->
          new StorageException(
              ErrorCode.TRY_AGAIN,
              "The " + verb + " was cancelled.",
              "Send the request again to begin anew.",
              e);
      case EOFException _ when verb.equals(IMPORT) -> damaged(verb, "it ends too early", e);
      case VhdCorruptException _ -> damaged(verb, why, e);
      case VhdRejectedException _ -> refused(verb, why, e);
      case SpoolFullException _ ->
          new StorageException(
              ErrorCode.IO_ERROR,
              "The " + verb + " broke off: " + why + ", where a VHD is kept on its way.",
              "Free space there, then send the request again.",
              e);
      default -> isNoSpace(e) ? noSpace(verb, why, e) : broken(verb, why, e);
    };
  }

  /// What is wrong with an image that lies in a folder of the daemon's own, where nobody finds it.
  static StorageException ofImage(IOException e, Path spool) {
    String spooled = Pattern.quote(spool + "/") + "[^/ ]*";
    String why = why(e).replaceAll(spooled, "it");
    return e instanceof VhdCorruptException ? damaged(IMPORT, why, e) : refused(IMPORT, why, e);
  }

  /// A part of a sentence: some libraries' messages are whole ones.
  private static String why(IOException e) {
    String said = Optional.ofNullable(e.getMessage()).orElseGet(() -> Messages.reason(e));
    return said.endsWith(".") ? said.substring(0, said.length() - 1) : said;
  }

  private static StorageException damaged(String verb, String why, IOException e) {
    return verb.equals(IMPORT)
        ? new StorageException(
            ErrorCode.VDI_LOAD, "The image is damaged: " + why + ".", "Make it again.", e)
        : unreadable(why, e);
  }

  private static StorageException refused(String verb, String why, IOException e) {
    return verb.equals(IMPORT)
        ? new StorageException(
            ErrorCode.VDI_TYPE,
            "The image can't be taken: " + why + ".",
            "Give a fixed or dynamic VHD that needs no parent.",
            e)
        : unreadable(why, e);
  }

  private static StorageException unreadable(String why, IOException e) {
    return new StorageException(
        ErrorCode.VDI_LOAD,
        "What the SR holds is damaged: " + why + ".",
        "Run sr-check, and restore what it names from a backup.",
        e);
  }

  private static StorageException noSpace(String verb, String why, IOException e) {
    // An export writes nothing to the SR.
    return verb.equals(EXPORT)
        ? new StorageException(
            ErrorCode.IO_ERROR,
            "There was no space left for the image: " + why + ".",
            "Free space where the image goes to, then send the request again.",
            e)
        : new StorageException(
            ErrorCode.SR_NO_SPACE,
            "There was no space left: " + why + ".",
            "Free space in the SR.",
            e);
  }

  private static StorageException broken(String verb, String why, IOException e) {
    return new StorageException(
        ErrorCode.IO_ERROR,
        "The " + verb + " broke off: " + why + ".",
        "Look at the image's source and the storage, then send the request again.",
        e);
  }

  static boolean isNoSpace(IOException e) {
    String why = String.valueOf(e.getMessage());
    return why.contains("No space left") || why.contains("Disk quota exceeded");
  }
}
