// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.block.BlockDevice;
import io.strata.manager.ProgressListener;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// SHA-256 of disks.
final class DiskHash {
  private static final int PIECE_BYTES = 1024 * 1024;

  private DiskHash() {}

  /// Changes what was read before it is hashed.
  @FunctionalInterface
  interface Change {
    /// @param offsetBytes where the piece begins
    void apply(long offsetBytes, ByteBuffer piece);
  }

  /// Of the disk as it is.
  static String of(BlockDevice disk, ProgressListener progress) throws IOException {
    return of(disk, disk.sizeBytes(), (_, _) -> {}, progress);
  }

  /// Of the disk as it would be after a change, and zeroes up to a size.
  ///
  /// @param sizeBytes at least the disk's
  static String of(BlockDevice disk, long sizeBytes, Change change, ProgressListener progress)
      throws IOException {
    MessageDigest digest = sha256();
    ByteBuffer piece = ByteBuffer.allocate(PIECE_BYTES);
    for (long at = 0; at < sizeBytes; at += PIECE_BYTES) {
      int length = (int) Math.min(PIECE_BYTES, sizeBytes - at);
      int stored = Math.clamp(disk.sizeBytes() - at, 0, length);
      java.util.Arrays.fill(piece.array(), (byte) 0);
      if (stored > 0) {
        disk.read(at, piece.clear().limit(stored));
      }
      piece.clear().limit(length);
      change.apply(at, piece);
      digest.update(piece);
      progress.progress(at + length, sizeBytes);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
