// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import io.strata.vhd.VhdLayout;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/// The parent's name as header and locators spell it.
final class ParentNames {
  /// Bytes of the header's name field that are in the header's first sector: a name within them is
  /// changed by the write of one sector.
  static final int FIRST_SECTOR_BYTES = VhdLayout.SECTOR_BYTES - VhdLayout.HEADER_PARENT_NAME_AT;

  private ParentNames() {}

  /// A path's last part. The header's name may be a path too: Windows writes it so.
  static String last(String path) {
    return path.substring(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  }

  /// Whether the header's name can be changed by the write of one sector.
  static boolean fitFirstSector(String oldName, String newName) {
    return !newName.isEmpty()
        && 2 * oldName.length() < FIRST_SECTOR_BYTES
        && 2 * newName.length() < FIRST_SECTOR_BYTES;
  }

  /// Whether the header's field of the name holds nothing but characters, from a byte on.
  static boolean decodable(byte[] field, int from) {
    try {
      ByteBuffer bytes = ByteBuffer.wrap(field, from, field.length - from);
      return StandardCharsets.UTF_16BE.newDecoder().decode(bytes).length() > 0;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  /// The path with another last part.
  static String renamed(LocatorCheck.Path path, String name) {
    return path.path().substring(0, path.path().length() - path.name().length()) + name;
  }

  static Charset charset(RawHeader.Locator locator) {
    return locator.utf8() ? StandardCharsets.UTF_8 : StandardCharsets.UTF_16LE;
  }

  /// The path as the locator's platform spells it.
  static byte[] bytes(LocatorCheck.Path path, String text) {
    return text.getBytes(charset(path.locator()));
  }

  /// Whether the locator's path can get another last part in its place: in one sector, in as many
  /// bytes, and so that it reads back as that.
  static boolean canTake(LocatorCheck.Path path, String name) {
    long at = path.locator().offsetBytes();
    long length = path.locator().lengthBytes();
    byte[] renamed = bytes(path, renamed(path, name));
    return !name.isEmpty()
        && renamed.length == length
        && at / VhdLayout.SECTOR_BYTES == (at + length - 1) / VhdLayout.SECTOR_BYTES
        && name.equals(LocatorCheck.path(path.locator(), ByteBuffer.wrap(renamed)).name());
  }
}
