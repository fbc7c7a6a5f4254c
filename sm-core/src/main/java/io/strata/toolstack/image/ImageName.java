// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.image;

import io.strata.manager.ImageFormat;
import io.strata.spi.ErrorCode;
import io.strata.spi.Messages;
import io.strata.spi.StorageException;
import io.strata.vhd.VhdFiles;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// What an image's file name says of it. The content is never asked: a guest may have written it.
///
/// @param format the layout, where the suffix says it
/// @param packing how it is compressed
/// @param stem the name without these suffixes
public record ImageName(Optional<ImageFormat> format, Packing packing, String stem) {
  private static final Set<String> RAW_SUFFIXES = Set.of(".raw", ".img", ".iso", ".bin", ".dd");

  /// How a file is compressed.
  public enum Packing {
    NONE(""),
    GZIP(".gz"),
    ZSTD(".zst");

    private final String suffix;

    Packing(String suffix) {
      this.suffix = suffix;
    }
  }

  /// Reads a file's name.
  public static ImageName of(Path file) {
    String name = Optional.ofNullable(file.getFileName()).map(Path::toString).orElse("");
    Packing packing = Packing.NONE;
    for (Packing candidate : Packing.values()) {
      if (candidate != Packing.NONE && endsWith(name, candidate.suffix)) {
        packing = candidate;
        name = name.substring(0, name.length() - candidate.suffix.length());
      }
    }
    int dot = name.lastIndexOf('.');
    String suffix = dot < 0 ? "" : name.substring(dot).toLowerCase(Locale.ROOT);
    if (VhdFiles.isNamed(suffix)) {
      return new ImageName(Optional.of(ImageFormat.VHD), packing, name.substring(0, dot));
    }
    if (RAW_SUFFIXES.contains(suffix)) {
      return new ImageName(Optional.of(ImageFormat.RAW), packing, name.substring(0, dot));
    }
    return new ImageName(Optional.empty(), packing, name);
  }

  private static boolean endsWith(String name, String suffix) {
    return name.toLowerCase(Locale.ROOT).endsWith(suffix);
  }

  /// The layout: the one that was given, else the one that the suffix says.
  ///
  /// @throws StorageException [ErrorCode#INVALID_ARG] where neither says it
  public ImageFormat formatOr(Optional<String> given) throws StorageException {
    if (given.isPresent()) {
      return parse(given.get());
    }
    return format.orElseThrow(() ->
        new StorageException(
            ErrorCode.INVALID_ARG,
            "The name '" + Messages.printable(stem) + "' does not say the image's format.",
            "Give format=raw or format=vhd, or a name that ends in .vhd, .raw or .img."));
  }

  private static ImageFormat parse(String given) throws StorageException {
    return switch (given) {
      case "raw" -> ImageFormat.RAW;
      case "vhd" -> ImageFormat.VHD;
      default ->
          throw new StorageException(
              ErrorCode.INVALID_ARG,
              "'" + Messages.printable(given) + "' is no image format.",
              "Give raw or vhd.");
    };
  }
}
