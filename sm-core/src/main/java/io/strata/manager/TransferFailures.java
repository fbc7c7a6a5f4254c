// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.vhd.VhdCorruptException;
import io.strata.vhd.VhdRejectedException;
import java.io.IOException;

/// What a medium's failure means for an import, an export or a copy.
final class TransferFailures {
  private TransferFailures() {}

  static StorageException of(String verb, IOException e) {
    String why = String.valueOf(e.getMessage());
    return switch (e) {
      case TooLargeException _ ->
          new StorageException(ErrorCode.VDI_SIZE, why + ".", "Give a larger disk.", e);
      case VhdCorruptException _ ->
          new StorageException(
              ErrorCode.VDI_LOAD, "The image is damaged: " + why + ".", "Make it again.", e);
      case VhdRejectedException _ ->
          new StorageException(
              ErrorCode.VDI_TYPE,
              "The image can't be taken: " + why + ".",
              "Give a fixed or dynamic VHD that needs no parent.",
              e);
      default ->
          noSpace(why)
              ? new StorageException(
                  ErrorCode.SR_NO_SPACE,
                  "There was no space left: " + why + ".",
                  "Free space in the SR.",
                  e)
              : new StorageException(
                  ErrorCode.IO_ERROR,
                  "The " + verb + " broke off: " + why + ".",
                  "Look at the image's source and the storage, then send the request again.",
                  e);
    };
  }

  private static boolean noSpace(String why) {
    return why.contains("No space left") || why.contains("Disk quota exceeded");
  }
}
