// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// One folder of sysfs. What is not there, or goes while it is read (a disk that is pulled out), is
/// absent, not an error.
record SysAttributes(Path folder) {
  private static final int VPD_HEADER_BYTES = 4;
  private static final int VPD_LENGTH_OFFSET = 2;

  /// The folder below, through a link or not.
  SysAttributes below(String name) {
    return new SysAttributes(folder.resolve(name));
  }

  /// An attribute's text without padding; absent also where it is empty.
  Optional<String> text(String name) {
    return bytes(name)
        .map(content -> new String(content, StandardCharsets.UTF_8))
        .flatMap(SysAttributes::clean);
  }

  /// An attribute that holds one number.
  long number(String name, long otherwise) {
    return text(name)
        .filter(text -> text.matches("\\d{1,18}"))
        .map(Long::parseLong)
        .orElse(otherwise);
  }

  /// An attribute that is `1` where something is so.
  boolean flag(String name) {
    return number(name, 0) == 1;
  }

  /// The text in a page of SCSI vital product data: page code, length (big-endian uint16 at byte
  /// 2), text. Source: SPC-4, 7.8.15 "Unit Serial Number VPD page".
  Optional<String> vpdText(String name) {
    return bytes(name).filter(page -> page.length > VPD_HEADER_BYTES).flatMap(SysAttributes::vpd);
  }

  /// The folder's own name after every link is followed; absent where it is not there.
  Optional<Path> realPath() {
    try {
      return Optional.of(folder.toRealPath());
    } catch (IOException absent) {
      return Optional.empty();
    }
  }

  /// Names in the folder, sorted.
  List<String> names() {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      entries.forEach(entry -> names.add(entry.getFileName().toString()));
    } catch (IOException | DirectoryIteratorException absent) {
      return List.of();
    }
    return names.stream().sorted().toList();
  }

  private Optional<byte[]> bytes(String name) {
    try {
      return Optional.of(Files.readAllBytes(folder.resolve(name)));
    } catch (IOException absent) {
      return Optional.empty();
    }
  }

  private static Optional<String> vpd(byte[] page) {
    int length =
        Byte.toUnsignedInt(page[VPD_LENGTH_OFFSET]) << Byte.SIZE
            | Byte.toUnsignedInt(page[VPD_LENGTH_OFFSET + 1]);
    int available = Math.min(length, page.length - VPD_HEADER_BYTES);
    return clean(new String(page, VPD_HEADER_BYTES, available, StandardCharsets.ISO_8859_1));
  }

  /// Disks pad with blanks and NULs, and a bad one may say anything.
  private static Optional<String> clean(String text) {
    String shown = text.replaceAll("\\p{Cntrl}", " ").strip();
    return shown.isEmpty() ? Optional.empty() : Optional.of(shown);
  }
}
