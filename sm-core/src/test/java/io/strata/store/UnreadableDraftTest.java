// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.BlockDevice;
import io.strata.block.BlockDevice.Durability;
import io.strata.spi.AccessMode;
import io.strata.spi.Snapshots.SnapshotSpec;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import io.strata.spi.VolumeSpec;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A merge of a running volume into its parent was interrupted when the parent had become the
/// volume's draft, and nothing else: the only copy of what it holds. A read that fails when the
/// store is attached must not cost it.
final class UnreadableDraftTest {
  private static final long SIZE_BYTES = 4 << 20;
  private static final byte OF_PARENT = 1;

  @TempDir private Path folder;

  private final VdiUuid volume = VdiUuid.random();
  private final VdiUuid base = VdiUuid.random();
  private Path leaf = Path.of("");
  private Path draft = Path.of("");

  @BeforeEach
  void interruptMerge() throws Exception {
    try (VhdRepository repository = new VhdRepository(new DirectoryStore(folder))) {
      repository.create(volume, new VolumeSpec(SIZE_BYTES, Volume.Kind.VHD));
      try (BlockDevice device = repository.open(volume, AccessMode.RW)) {
        byte[] data = new byte[4096];
        Arrays.fill(data, OF_PARENT);
        device.write(0, ByteBuffer.wrap(data), Durability.WRITE_BACK);
        device.flush();
      }
      VdiUuid snapshot = VdiUuid.random();
      var prepared =
          repository.snapshots().orElseThrow().prepare(new SnapshotSpec(volume, snapshot, base));
      prepared.commit();
      prepared.release();
      repository.delete(snapshot);
    }
    leaf = folder.resolve(VolumeName.vhd(volume));
    draft = folder.resolve(VolumeName.draft(volume));
    Files.move(folder.resolve(VolumeName.vhd(base)), draft);
  }

  private void attach() throws Exception {
    new VhdRepository(new DirectoryStore(folder)).close();
  }

  private void assertEndsWellAfterADamagedRead(Path unreadable) throws Exception {
    byte[] good = Files.readAllBytes(unreadable);
    Files.write(unreadable, new byte[good.length]);
    attach();
    assertThat(draft).exists();
    Files.write(unreadable, good);
    attach();
    assertThat(draft).doesNotExist();
    try (VhdRepository repository = new VhdRepository(new DirectoryStore(folder));
        BlockDevice device = repository.open(volume, AccessMode.RO)) {
      ByteBuffer read = ByteBuffer.allocate(1);
      device.read(0, read);
      assertThat(read.get(0)).isEqualTo(OF_PARENT);
    }
  }

  @Test
  void keptDraftIsNotReplacedByASnapshotOfItsVolume() throws Exception {
    byte[] good = Files.readAllBytes(draft);
    byte[] damaged = new byte[good.length];
    Files.write(draft, damaged);
    try (VhdRepository repository = new VhdRepository(new DirectoryStore(folder))) {
      SnapshotSpec spec = new SnapshotSpec(volume, VdiUuid.random(), VdiUuid.random());
      assertThatThrownBy(() -> repository.snapshots().orElseThrow().prepare(spec))
          .isInstanceOf(StorageException.class);
    }
    assertThat(draft).hasBinaryContent(damaged);
  }

  @Test
  void draftThatCantBeReadIsKept() throws Exception {
    assertEndsWellAfterADamagedRead(draft);
  }

  @Test
  void draftOfAVolumeThatCantBeReadIsKept() throws Exception {
    assertEndsWellAfterADamagedRead(leaf);
  }
}
