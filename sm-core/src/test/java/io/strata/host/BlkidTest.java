// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BlkidTest {
  private final Filesystems filesystems = new Filesystems(new ProcessRunner());

  @TempDir Path folder;

  @Test
  void readsTypeLabelAndUuidOfAFilesystem() {
    assertThat(
            Blkid.parse(
                """
                DEVNAME=/dev/sdb
                LABEL=my\\ disk\\$1
                UUID=11111111-2222-4333-8444-555555555555
                TYPE=xfs
                USAGE=filesystem
                """))
        .contains(
            new Signature(
                Signature.Kind.FILESYSTEM,
                "xfs",
                Optional.of("my disk$1"),
                Optional.of("11111111-2222-4333-8444-555555555555")));
  }

  @Test
  void tellsMembersEncryptedContentAndPartitionTables() {
    assertThat(Blkid.parse("TYPE=LVM2_member\nUSAGE=raid\n").orElseThrow().kind())
        .isEqualTo(Signature.Kind.MEMBER);
    assertThat(Blkid.parse("TYPE=crypto_LUKS\nUSAGE=crypto\n").orElseThrow().kind())
        .isEqualTo(Signature.Kind.ENCRYPTED);
    assertThat(Blkid.parse("DEVNAME=/dev/sda\nPTTYPE=gpt\n").orElseThrow().description())
        .isEqualTo("gpt partition table");
    assertThat(Blkid.parse("DEVNAME=/dev/sda\n")).isEmpty();
  }

  @Test
  void aBlankDeviceHoldsNothing() throws Exception {
    assertThat(filesystems.signature(blank())).isEmpty();
  }

  @Test
  void aDeviceThatCantBeReadIsNotTakenForBlank() {
    Path absent = folder.resolve("absent");

    assertThatThrownBy(() -> filesystems.signature(absent))
        .isInstanceOfSatisfying(
            StorageException.class,
            failure -> {
              assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_DEV);
              assertThat(failure.what()).contains(absent.toString());
            });
  }

  @Test
  void aMasterBootRecordIsForeignContent() throws Exception {
    Path disk = blank();
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.seek(510);
      file.write(new byte[] {0x55, (byte) 0xaa});
    }

    assertThat(filesystems.signature(disk).orElseThrow().kind())
        .isEqualTo(Signature.Kind.PARTITION_TABLE);
  }

  private Path blank() throws IOException {
    Path disk = folder.resolve("disk.img");
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.setLength(16L * 1024 * 1024);
    }
    return disk;
  }
}
