// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static io.strata.vhd.VhdLayout.FOOTER_BYTES;
import static io.strata.vhd.VhdLayout.HEADER_BYTES;
import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.util.Optional;
import java.util.UUID;

/// Checks the dynamic header.
final class HeaderCheck {
  private static final UUID NO_PARENT = new UUID(0, 0);

  private HeaderCheck() {}

  /// @return the header, where it is one
  static Optional<RawHeader> run(Subject subject, RawFooter footer) throws IOException {
    long at = footer.dataOffsetBytes();
    long last = subject.sizeBytes() - HEADER_BYTES;
    if (at < FOOTER_BYTES || at > last || at % SECTOR_BYTES != 0) {
      subject.add(
          new HeaderFinding.HeaderMisplaced(
              subject.at(footer.offsetBytes() + VhdLayout.FOOTER_DATA_OFFSET_AT), at, last));
      return Optional.empty();
    }
    RawHeader header = new RawHeader(at, subject.read(at, HEADER_BYTES));
    if (invalid(subject, header)) {
      return Optional.empty();
    }
    fields(subject, footer, header);
    return Optional.of(header);
  }

  private static boolean invalid(Subject subject, RawHeader header) {
    long cookie = header.bytes().getLong(0);
    if (cookie != VhdLayout.HEADER_COOKIE) {
      return invalid(
          subject, header, 0, "the header's cookie 'cxsparse'", "0x%016x".formatted(cookie));
    }
    int stored = header.bytes().getInt(VhdLayout.HEADER_CHECKSUM_AT);
    int computed = RawHeader.checksum(header.bytes());
    if (stored != computed) {
      return invalid(
          subject,
          header,
          VhdLayout.HEADER_CHECKSUM_AT,
          "header checksum 0x%08x".formatted(computed),
          "0x%08x".formatted(stored));
    }
    int version = header.bytes().getInt(VhdLayout.HEADER_VERSION_AT);
    return version != VhdLayout.FORMAT_VERSION
        && invalid(
            subject,
            header,
            VhdLayout.HEADER_VERSION_AT,
            "header version 0x00010000",
            "0x%08x".formatted(version));
  }

  private static boolean invalid(
      Subject subject, RawHeader header, int at, String expected, String found) {
    subject.add(
        new HeaderFinding.HeaderInvalid(subject.at(header.offsetBytes() + at), expected, found));
    return true;
  }

  /// Checks block size and BAT, of a disk whose size can be.
  ///
  /// @return whether the BAT can be read
  static boolean tableReadable(Subject subject, RawFooter footer, RawHeader header) {
    long blockBytes = header.blockBytes();
    if (blockBytes < VhdLayout.SMALLEST_BLOCK_BYTES
        || blockBytes > VhdLayout.LARGEST_BLOCK_BYTES
        || Long.bitCount(blockBytes) != 1) {
      subject.add(
          new HeaderFinding.BlockSizeInvalid(
              subject.at(header.offsetBytes() + VhdLayout.HEADER_BLOCK_SIZE_AT), blockBytes));
      return false;
    }
    if (blockBytes != VhdLayout.DEFAULT_BLOCK_BYTES) {
      subject.add(
          new HeaderFinding.BlockSizeUnusual(
              subject.at(header.offsetBytes() + VhdLayout.HEADER_BLOCK_SIZE_AT), blockBytes));
    }
    long needed = Math.ceilDiv(footer.diskBytes(), blockBytes);
    boolean enough = header.entries() >= needed;
    if (!enough) {
      subject.add(
          new HeaderFinding.TableTooSmall(
              subject.at(header.offsetBytes() + VhdLayout.HEADER_MAX_ENTRIES_AT),
              header.entries(),
              needed));
    }
    Optional<String> misplaced = tableMisplaced(subject, header);
    misplaced.ifPresent(expected ->
        subject.add(
            new HeaderFinding.TableMisplaced(
                subject.at(header.offsetBytes() + VhdLayout.HEADER_TABLE_OFFSET_AT),
                header.tableOffsetBytes(),
                header.entries(),
                expected)));
    return enough && misplaced.isEmpty();
  }

  private static Optional<String> tableMisplaced(Subject subject, RawHeader header) {
    long table = header.tableOffsetBytes();
    long bytes = header.entries() * Integer.BYTES;
    if (header.entries() > VhdLayout.MOST_TABLE_ENTRIES) {
      return Optional.of("a BAT of at most " + VhdLayout.MOST_TABLE_ENTRIES + " entries");
    }
    if (table < FOOTER_BYTES || table % SECTOR_BYTES != 0) {
      return Optional.of("a BAT at a sector after the footer's copy");
    }
    if (bytes > subject.sizeBytes() || table > subject.sizeBytes() - bytes) {
      return Optional.of("a BAT within the " + subject.sizeBytes() + " bytes of the image");
    }
    boolean onHeader =
        table < header.offsetBytes() + HEADER_BYTES && header.offsetBytes() < table + bytes;
    return onHeader
        ? Optional.of("a BAT apart from the header at byte " + header.offsetBytes())
        : Optional.empty();
  }

  private static void fields(Subject subject, RawFooter footer, RawHeader header) {
    long next = header.bytes().getLong(VhdLayout.HEADER_DATA_OFFSET_AT);
    if (next != VhdLayout.NO_DATA_OFFSET) {
      field(
          subject,
          header,
          VhdLayout.HEADER_DATA_OFFSET_AT,
          "data offset",
          "all ones in the header's data offset",
          "0x%016x".formatted(next));
    }
    int reserved = header.bytes().getInt(VhdLayout.HEADER_RESERVED_AT);
    if (reserved != 0) {
      field(
          subject,
          header,
          VhdLayout.HEADER_RESERVED_AT,
          "reserved bytes",
          "zero in the header's reserved field",
          "0x%08x".formatted(reserved));
    }
    for (int at = VhdLayout.HEADER_TAIL_AT; at < HEADER_BYTES; at++) {
      if (header.bytes().get(at) != 0) {
        field(
            subject,
            header,
            at,
            "reserved bytes",
            "zeroes from byte 768 of the header on",
            "another value at its byte " + at);
        break;
      }
    }
    switch (footer.type()) {
      case DYNAMIC -> parentless(subject, header);
      case DIFFERENCING -> parentTimestamp(subject, header);
      case FIXED -> {}
    }
  }

  /// Source of the rules about parents: blktap `vhd-util check`.
  private static void parentless(Subject subject, RawHeader header) {
    if (!header.parentUuid().equals(NO_PARENT)) {
      field(
          subject,
          header,
          VhdLayout.HEADER_PARENT_UUID_AT,
          "parent UUID",
          "no parent in a dynamic image",
          header.parentUuid().toString());
    }
    if (header.parentTimestamp() != 0) {
      field(
          subject,
          header,
          VhdLayout.HEADER_PARENT_TIMESTAMP_AT,
          "parent timestamp",
          "no parent's timestamp in a dynamic image",
          Integer.toUnsignedString(header.parentTimestamp()));
    }
    byte[] name = header.parentNameBytes();
    for (int i = 0; i < name.length; i++) {
      if (name[i] != 0) {
        field(
            subject,
            header,
            VhdLayout.HEADER_PARENT_NAME_AT + i,
            "parent name",
            "no parent's name in a dynamic image",
            "a value at byte " + i + " of the name");
        break;
      }
    }
  }

  private static void parentTimestamp(Subject subject, RawHeader header) {
    long timestamp = Integer.toUnsignedLong(header.parentTimestamp());
    if (timestamp > subject.now() + RawFooter.TIMESTAMP_SLACK_SECONDS) {
      subject.add(
          new HeaderFinding.ParentTimestampInFuture(
              subject.at(header.offsetBytes() + VhdLayout.HEADER_PARENT_TIMESTAMP_AT),
              timestamp,
              subject.now()));
    }
  }

  private static void field(
      Subject subject, RawHeader header, int at, String field, String expected, String found) {
    subject.add(
        new HeaderFinding.HeaderField(
            subject.at(header.offsetBytes() + at), field, expected, found));
  }
}
