// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.BlockDevice;
import io.strata.block.BlockDevice.Durability;
import io.strata.block.Container;
import io.strata.spi.AccessMode;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import io.strata.spi.VolumeSpec;
import io.strata.vhd.VhdCreator;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A volume was branched twice. The first attempt was cut off before its draft was flushed; the
/// second one, when the base had its name, and that is all of its names that the crash left: the
/// draft is that of the first attempt again.
final class StaleDraftTest {
  private static final long SIZE_BYTES = 4 << 20;
  private static final int TABLE_AT = 12288;

  @TempDir private Path folder;

  private final VdiUuid volume = VdiUuid.random();
  private final VdiUuid base = VdiUuid.random();

  @Test
  void draftThatWasNeverFlushedDoesNotTakeItsVolumesPlace() throws Exception {
    DirectoryStore store = new DirectoryStore(folder);
    try (VhdRepository repository = new VhdRepository(store)) {
      repository.create(volume, new VolumeSpec(SIZE_BYTES, Volume.Kind.VHD));
      try (BlockDevice device = repository.open(volume, AccessMode.RW)) {
        device.write(0, ByteBuffer.wrap(new byte[] {1}), Durability.WRITE_BACK);
        device.flush();
      }
    }
    DirectoryStore crashed = new DirectoryStore(folder);
    crashed.link(VolumeName.vhd(volume), VolumeName.vhd(base));
    try (Container draft = crashed.create(VolumeName.draft(volume));
        Container parent = crashed.open(VolumeName.vhd(base), false)) {
      VhdCreator.differencing(draft, UUID.randomUUID(), parent, VolumeName.vhd(base));
      byte[] remnants = new byte[512];
      Arrays.fill(remnants, (byte) 0xa5);
      draft.write(TABLE_AT, ByteBuffer.wrap(remnants), Durability.WRITE_BACK);
    }
    try (VhdRepository repository = new VhdRepository(crashed);
        BlockDevice device = repository.open(volume, AccessMode.RW)) {
      ByteBuffer read = ByteBuffer.allocate(1);
      device.read(0, read);
      assertThat(read.get(0)).isEqualTo((byte) 1);
      assertThat(repository.volume(base).orElseThrow().hidden()).isTrue();
    }
  }
}
