// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.block.BlockDevice;
import io.strata.block.CacheUse;
import io.strata.block.ExtentVisitor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.BitSet;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;

/// A chain whose leaf is merged into its parent while a guest writes: what is written goes to both,
/// and what the leaf held before is copied, each block once. So the copy ends however fast the
/// guest writes, and then the parent alone shows the same disk.
///
/// | state | a write goes to | a flush vouches for | what a crash may leave in force |
/// |---|---|---|---|
/// | `COPYING` | both; a failure of the parent ends the merge | the leaf | the leaf |
/// | `ALIKE` | both, or fails | both | either |
/// | `BROKEN_OFF` | the leaf | the leaf | the leaf |
///
/// The leaf holds everything that is written, so that whatever of it reached the parent is either
/// covered by the leaf, or content that the guest wrote itself and no flush vouched for. Reads are
/// the leaf's.
///
/// **Locks.** Of a block's content, held while it is written or copied, so that both images take
/// concurrent writes in one order.
public final class MirroredLeaf implements BlockDevice {
  /// So many that a guest's write hardly ever meets the one that is held for a piece.
  private static final int LOCKS = 1024;

  private static final int PIECE_SECTORS = 64;

  /// What was copied is made durable after so many bytes. Little at a time: a commit of the file
  /// system's journal, for which a guest may have to wait, comes behind what is on its way then.
  private static final long COMMIT_BYTES = 8L << 20;

  private final VhdChain leaf;
  private final VhdChain parent;
  private final BlockGeometry geometry;
  private final ReentrantLock[] locks = new ReentrantLock[LOCKS];
  private final MirrorState state = new MirrorState();

  /// A change of one image.
  @FunctionalInterface
  private interface Change {
    void apply(VhdChain image) throws IOException;
  }

  /// @param leaf the chain of the running disk; at rest until this is served in its place
  /// @param parent the leaf's parent and what is below it, by [VhdChain#openMirror]
  public MirroredLeaf(VhdChain leaf, VhdChain parent) {
    if (leaf.sizeBytes() != parent.sizeBytes()) {
      throw new IllegalArgumentException("a leaf and its parent differ in size");
    }
    this.leaf = leaf;
    this.parent = parent;
    geometry = leaf.layers().getFirst().geometry();
    for (int i = 0; i < LOCKS; i++) {
      locks[i] = new ReentrantLock();
    }
  }

  /// The chain that shows everything at any time before [#alike].
  public VhdChain leaf() {
    return leaf;
  }

  /// The chain that shows everything after [#alike].
  public VhdChain parent() {
    return parent;
  }

  /// Copies what the leaf holds. What it gets meanwhile is in the parent too.
  public void copy(MergeListener listener) throws IOException {
    BitSet held = allocated(leaf.layers().getFirst().table());
    ByteBuffer piece = ByteBuffer.allocateDirect(PIECE_SECTORS * SECTOR_BYTES);
    long sinceCommit = 0;
    for (int block = held.nextSetBit(0); block >= 0; block = held.nextSetBit(block + 1)) {
      sinceCommit += copyBlock(block, piece, listener);
      if (sinceCommit >= COMMIT_BYTES) {
        parent.flush();
        sinceCommit = 0;
      }
    }
    parent.flush();
  }

  private static BitSet allocated(AllocationTable table) {
    BitSet blocks = new BitSet();
    for (int b = table.nextCandidate(0); b < table.blockCount(); b = table.nextCandidate(b + 1)) {
      if (table.sector(b) >= 0) {
        blocks.set(b);
      }
    }
    return blocks;
  }

  private long copyBlock(int block, ByteBuffer piece, MergeListener listener) throws IOException {
    long[] present = leaf.presentInLeaf(leaf.layers().getFirst(), block);
    long start = (long) block << geometry.blockShift();
    int sectors =
        (int) Math.min(geometry.sectorsPerBlock(), (leaf.sizeBytes() - start + 511) / SECTOR_BYTES);
    long copied = 0;
    for (int at = 0; at < sectors; ) {
      boolean held = SectorBitmap.get(present, at);
      int end = SectorBitmap.endOfRun(present, at, sectors, held);
      if (held) {
        end = Math.min(end, at + PIECE_SECTORS);
        long from = start + (long) at * SECTOR_BYTES;
        int length = (int) Math.min((long) (end - at) * SECTOR_BYTES, leaf.sizeBytes() - from);
        copyPiece(block, from, piece.clear().limit(length));
        copied += length;
        listener.merged(length);
      }
      at = end;
    }
    return copied;
  }

  private void copyPiece(int block, long offsetBytes, ByteBuffer piece) throws IOException {
    ReentrantLock lock = lockOf(block);
    lock.lock();
    try {
      requireCopying();
      leaf.read(offsetBytes, piece);
      piece.flip();
      if (Bytes.zeroes(piece)) {
        parent.writeZeroes(
            offsetBytes, piece.remaining(), Zeroing.MAY_DEALLOCATE, Durability.WRITE_BACK);
      } else {
        parent.write(offsetBytes, piece, Durability.WRITE_BACK);
      }
    } finally {
      lock.unlock();
    }
  }

  /// Says that the copy is complete: from here on the leaf or its parent may be the disk.
  public void alike() throws IOException {
    if (!state.becomeAlike()) {
      throw brokenOff();
    }
    // A write that began before may fail in the parent still.
    awaitChanges();
    if (!state.alike()) {
      throw brokenOff();
    }
    try {
      // Barrier: what flushes vouched for until now is in the parent too.
      parent.flush();
    } catch (IOException failed) {
      breakOff();
      throw failed;
    }
  }

  private void requireCopying() throws IOException {
    if (!state.copying()) {
      throw brokenOff();
    }
  }

  private IOException brokenOff() {
    Exception failed = state.parentFailure();
    return failed == null
        ? new IOException("the merge of " + leaf.location() + " was broken off")
        : new IOException(
            "the parent of " + leaf.location() + " can't be written: " + failed.getMessage(),
            failed);
  }

  /// Goes back to the leaf alone, which must be the disk. Nobody uses the parent when this returns,
  /// but [#copy], which ends at its next piece.
  public void breakOff() {
    state.breakOff();
    awaitChanges();
  }

  /// Waits until no change goes on that began before: all others know the state.
  private void awaitChanges() {
    for (ReentrantLock lock : locks) {
      lock.lock();
      try {
        // Whoever held it before is done.
      } finally {
        lock.unlock();
      }
    }
  }

  private ReentrantLock lockOf(int block) {
    return locks[block & LOCKS - 1];
  }

  /// Applies a change of one block's content to both.
  private void change(long offsetBytes, Change change) throws IOException {
    ReentrantLock lock = lockOf((int) (offsetBytes >>> geometry.blockShift()));
    lock.lock();
    try {
      change.apply(leaf);
      switch (state.now()) {
        case BROKEN_OFF -> {}
        case ALIKE -> change.apply(parent);
        case COPYING -> changeParent(change);
      }
    } finally {
      lock.unlock();
    }
  }

  private void changeParent(Change change) {
    try {
      change.apply(parent);
    } catch (IOException | RuntimeException failed) {
      // The guest's change is made: the leaf has it. Only the merge can't be completed.
      state.parentFailed(failed);
    }
  }

  /// Bytes of a range that lie in its first block.
  private long inFirstBlock(long offsetBytes, long lengthBytes) {
    long left = geometry.blockBytes() - (offsetBytes & geometry.blockBytes() - 1);
    return Math.min(left, lengthBytes);
  }

  @Override
  public void write(long offsetBytes, ByteBuffer source, Durability durability) throws IOException {
    Objects.checkFromIndexSize(offsetBytes, source.remaining(), sizeBytes());
    int limit = source.limit();
    long at = offsetBytes;
    while (source.position() < limit) {
      int length = (int) inFirstBlock(at, limit - source.position());
      ByteBuffer piece = source.slice(source.position(), length);
      long to = at;
      change(to, image -> image.write(to, piece.duplicate(), Durability.WRITE_BACK));
      source.position(source.position() + length);
      at += length;
    }
    finishChange(durability);
  }

  @Override
  public void discard(long offsetBytes, long lengthBytes) throws IOException {
    Objects.checkFromIndexSize(offsetBytes, lengthBytes, sizeBytes());
    long end = offsetBytes + lengthBytes;
    for (long at = offsetBytes; at < end; at += inFirstBlock(at, end - at)) {
      long from = at;
      change(from, image -> image.discard(from, inFirstBlock(from, end - from)));
    }
  }

  @Override
  public void writeZeroes(
      long offsetBytes, long lengthBytes, Zeroing zeroing, Durability durability)
      throws IOException {
    Objects.checkFromIndexSize(offsetBytes, lengthBytes, sizeBytes());
    long end = offsetBytes + lengthBytes;
    for (long at = offsetBytes; at < end; at += inFirstBlock(at, end - at)) {
      long from = at;
      long length = inFirstBlock(from, end - from);
      change(from, image -> image.writeZeroes(from, length, zeroing, Durability.WRITE_BACK));
    }
    finishChange(durability);
  }

  private void finishChange(Durability durability) throws IOException {
    if (durability == Durability.FUA) {
      flush();
    }
  }

  @Override
  public void flush() throws IOException {
    leaf.flush();
    if (state.alike()) {
      parent.flush();
    }
  }

  @Override
  public long sizeBytes() {
    return leaf.sizeBytes();
  }

  @Override
  public boolean readOnly() {
    return false;
  }

  @Override
  public void read(long offsetBytes, ByteBuffer target) throws IOException {
    leaf.read(offsetBytes, target);
  }

  @Override
  public boolean fastZeroes(Zeroing zeroing) {
    return leaf.fastZeroes(zeroing) && parent.fastZeroes(zeroing);
  }

  @Override
  public void extents(long offsetBytes, long lengthBytes, ExtentVisitor visitor)
      throws IOException {
    leaf.extents(offsetBytes, lengthBytes, visitor);
  }

  @Override
  public CacheUse cacheUse() {
    return leaf.cacheUse();
  }

  @Override
  public long transferTo(long offsetBytes, long lengthBytes, WritableByteChannel target)
      throws IOException {
    return leaf.transferTo(offsetBytes, lengthBytes, target);
  }

  @Override
  public long transferable(long offsetBytes, long lengthBytes) {
    return leaf.transferable(offsetBytes, lengthBytes);
  }

  /// Closes both.
  @Override
  public void close() throws IOException {
    try (VhdChain _ = parent) {
      leaf.close();
    }
  }
}
