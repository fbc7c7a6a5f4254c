// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import io.strata.block.Container;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.UUID;

/// What the metadata of a VHD says, validated; no data and no BAT is read.
///
/// @param uuid the image's identity, by which children name it
/// @param sizeBytes size a guest sees
/// @param hidden whether it is only a base of others
/// @param timestamp seconds since 2000-01-01 UTC, unsigned; grows when the content changes
/// @param creator four characters of the program that made it
/// @param creatorVersion major and minor, as in 0x00010003
/// @param parent what it says of its parent, in differencing images
/// @param blockBytes block size; 0 in fixed images
/// @param tableOffsetBytes where the BAT is; 0 in fixed images
/// @param tableEntries entries of the BAT; 0 in fixed images
/// @param batmap whether it has a batmap
/// @param trailingFooterValid whether the footer is at the end, and agrees with the copy at offset
///   0
public record VhdInfo(
    UUID uuid,
    DiskType type,
    long sizeBytes,
    boolean hidden,
    int timestamp,
    String creator,
    int creatorVersion,
    Geometry geometry,
    Optional<ParentLink> parent,
    int blockBytes,
    long tableOffsetBytes,
    int tableEntries,
    boolean batmap,
    boolean trailingFooterValid) {

  /// Reads and validates the metadata.
  ///
  /// @throws VhdCorruptException where it is no VHD or contradicts itself
  public static VhdInfo read(Container container) throws IOException {
    return of(container, VhdMetadata.read(container));
  }

  static VhdInfo of(Container container, VhdMetadata metadata) throws IOException {
    VhdFooter footer = metadata.footer();
    DynamicHeader header = metadata.header();
    return new VhdInfo(
        footer.uuid(),
        footer.type(),
        footer.currentSizeBytes(),
        footer.hidden(),
        footer.timestamp(),
        creatorText(footer.creatorApplication()),
        footer.creatorVersion(),
        footer.geometry(),
        metadata.parent(container),
        header == null ? 0 : header.blockBytes(),
        header == null ? 0 : header.tableOffsetBytes(),
        header == null ? 0 : header.maxTableEntries(),
        metadata.batmap().isPresent(),
        metadata.trailingFooterValid());
  }

  private static String creatorText(int code) {
    byte[] letters = {(byte) (code >>> 24), (byte) (code >>> 16), (byte) (code >>> 8), (byte) code};
    return new String(letters, StandardCharsets.ISO_8859_1).replaceAll("\\p{Cntrl}", "");
  }
}
