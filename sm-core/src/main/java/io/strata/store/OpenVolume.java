// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.block.BlockDevice;
import io.strata.block.CacheUse;
import io.strata.block.ExtentVisitor;
import io.strata.spi.AccessMode;
import io.strata.spi.VdiUuid;
import io.strata.vhd.MirroredLeaf;
import io.strata.vhd.VhdChain;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.Optional;

/// A device that was handed out, and is known to the repository until it is closed.
///
/// What is below may be exchanged while the device is at rest. Closing one that was replaced does
/// nothing: what it held belongs to another.
final class OpenVolume implements BlockDevice {
  private final VdiUuid vdi;
  private final AccessMode mode;
  private final OpenVolumes registry;
  private volatile BlockDevice below;

  OpenVolume(VdiUuid vdi, AccessMode mode, BlockDevice below, OpenVolumes registry) {
    this.vdi = vdi;
    this.mode = mode;
    this.below = below;
    this.registry = registry;
  }

  VdiUuid vdi() {
    return vdi;
  }

  AccessMode mode() {
    return mode;
  }

  BlockDevice below() {
    return below;
  }

  /// The chain that shows what the device does; none of a raw volume.
  Optional<VhdChain> chain() {
    return switch (below) {
      case VhdChain chain -> Optional.of(chain);
      case MirroredLeaf mirror -> Optional.of(mirror.leaf());
      default -> Optional.empty();
    };
  }

  /// Exchanges what is below; the device is at rest, or both take the same writes.
  void below(BlockDevice changed) {
    below = changed;
  }

  @Override
  public long sizeBytes() {
    return below.sizeBytes();
  }

  @Override
  public boolean readOnly() {
    return mode == AccessMode.RO;
  }

  @Override
  public void read(long offsetBytes, ByteBuffer target) throws IOException {
    below.read(offsetBytes, target);
  }

  @Override
  public void write(long offsetBytes, ByteBuffer source, Durability durability) throws IOException {
    below.write(offsetBytes, source, durability);
  }

  @Override
  public void flush() throws IOException {
    below.flush();
  }

  @Override
  public void discard(long offsetBytes, long lengthBytes) throws IOException {
    below.discard(offsetBytes, lengthBytes);
  }

  @Override
  public void writeZeroes(
      long offsetBytes, long lengthBytes, Zeroing zeroing, Durability durability)
      throws IOException {
    below.writeZeroes(offsetBytes, lengthBytes, zeroing, durability);
  }

  @Override
  public boolean fastZeroes(Zeroing zeroing) {
    return below.fastZeroes(zeroing);
  }

  @Override
  public void extents(long offsetBytes, long lengthBytes, ExtentVisitor visitor)
      throws IOException {
    below.extents(offsetBytes, lengthBytes, visitor);
  }

  @Override
  public CacheUse cacheUse() {
    return below.cacheUse();
  }

  @Override
  public long transferTo(long offsetBytes, long lengthBytes, WritableByteChannel target)
      throws IOException {
    return below.transferTo(offsetBytes, lengthBytes, target);
  }

  @Override
  public long transferable(long offsetBytes, long lengthBytes) {
    return below.transferable(offsetBytes, lengthBytes);
  }

  @Override
  public void close() throws IOException {
    if (registry.remove(this)) {
      below.close();
    }
  }
}
