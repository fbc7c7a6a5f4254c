// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.block.BlockDevice;
import io.strata.block.Container;
import io.strata.block.Extent.Kind;
import io.strata.block.ExtentVisitor;
import io.strata.block.ReadOnlyDeviceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// A VHD and all its parents as one disk.
///
/// The parents are merged into one map, so a read costs the same at any depth. The leaf takes the
/// writes, if the chain was opened for that; [WritableLeaf] says in which order they reach the
/// disk. Trimmed and zeroed sectors are marked present where a parent holds data, and their space
/// is given back: the parent's data does not reappear.
///
/// Owns its containers. Safe for many threads, except [#withChild] and [#close], which need the
/// device to be at rest.
public final class VhdChain implements BlockDevice {
  /// Longest chain that is opened; a longer one is taken for damage.
  public static final int MOST_LAYERS = 16 * 1024;

  private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(1 << 16).asReadOnlyBuffer();

  /// The writable leaf; null where the chain is read-only, or the leaf is fixed.
  private final @Nullable WritableLeaf leaf;

  /// A fixed image that is open for writing.
  private final @Nullable Layer fixedLeaf;

  /// Everything that does not change: the leaf's parents, or the whole read-only chain.
  private volatile ParentMap parents;

  private final BlockGeometry geometry;
  private final long sizeBytes;
  private final String location;
  private final AtomicBoolean fixedModified = new AtomicBoolean();
  private volatile boolean closed;

  private VhdChain(
      @Nullable WritableLeaf leaf,
      @Nullable Layer fixedLeaf,
      List<Layer> parents,
      BlockGeometry geometry,
      long sizeBytes,
      String location) {
    this.leaf = leaf;
    this.fixedLeaf = fixedLeaf;
    this.parents = new ParentMap(parents, geometry, sizeBytes);
    this.geometry = geometry;
    this.sizeBytes = sizeBytes;
    this.location = location;
  }

  /// Opens an image and its parents.
  ///
  /// @param leaf the image; it belongs to the chain from now on, and is closed if this fails
  /// @param resolver where parents are found
  /// @throws VhdCorruptException where an image contradicts the format
  /// @throws VhdRejectedException where the chain must not be opened
  public static VhdChain open(Container leaf, boolean writable, ParentResolver resolver)
      throws IOException {
    List<Layer> layers = ChainOpener.open(leaf, resolver);
    try {
      Layer first = layers.getFirst();
      List<Layer> rest = layers.subList(1, layers.size());
      if (!writable) {
        return new VhdChain(
            null, null, layers, first.geometry(), first.sizeBytes(), leaf.location());
      }
      if (first.fixed()) {
        return new VhdChain(
            null, first, rest, first.geometry(), first.sizeBytes(), leaf.location());
      }
      WritableLeaf opened = WritableLeaf.open(first);
      return new VhdChain(opened, null, rest, first.geometry(), first.sizeBytes(), leaf.location());
    } catch (IOException | RuntimeException e) {
      ChainOpener.closeAll(layers, e);
      throw e;
    }
  }

  /// Images in the chain.
  public int depth() {
    return layers().size();
  }

  /// What the images say of themselves, leaf first.
  public List<VhdInfo> infos() throws IOException {
    List<VhdInfo> infos = new ArrayList<>();
    for (Layer layer : layers()) {
      infos.add(layer.info());
    }
    return infos;
  }

  /// Where the leaf is.
  public String location() {
    return location;
  }

  /// Whether nothing was ever written to the leaf: no sector of it is present.
  public boolean leafEmpty() throws IOException {
    Layer first = layers().getFirst();
    if (first.fixed()) {
      return false;
    }
    AllocationTable table = first.table();
    for (int b = table.nextCandidate(0); b < table.blockCount(); b = table.nextCandidate(b + 1)) {
      if (table.sector(b) < 0) {
        continue;
      }
      if (SectorBitmap.count(presentInLeaf(first, b)) > 0) {
        return false;
      }
    }
    return true;
  }

  /// Which sectors of an allocated block of the leaf are present now.
  ///
  /// @param first the leaf, which is not fixed
  long[] presentInLeaf(Layer first, int block) throws IOException {
    LeafBlock known = leaf == null ? null : leaf.block(block);
    return known == null ? first.readBitmap(block) : known.snapshot();
  }

  /// Makes an empty differencing image over this chain's leaf, to be put on top by [#withChild]
  /// later; writes may go on in between.
  public void createChild(Container child, UUID uuid, String parentName) throws IOException {
    if (!readOnly()) {
      markModified();
    }
    VhdCreator.differencing(child, uuid, layers().getFirst().container(), parentName);
  }

  /// Puts a differencing image on top, which must be empty and name this leaf as its parent. The
  /// device is at rest. What this chain held belongs to the result; this object is dead.
  public VhdChain withChild(Container child) throws IOException {
    flush();
    Layer top = Layer.open(child);
    Layer frozen = leaf == null ? layers().getFirst() : leaf.freeze();
    ParentLink link =
        top.parent()
            .orElseThrow(
                () -> new VhdRejectedException(child.location() + " is not a differencing image"));
    ChainOpener.checkParent(top, link, frozen);
    List<Layer> rest = new ArrayList<>(layers());
    rest.set(0, frozen);
    VhdChain result =
        new VhdChain(
            WritableLeaf.open(top), null, rest, top.geometry(), top.sizeBytes(), child.location());
    closed = true;
    return result;
  }

  /// Tells the leaf that its parent is another image now, which shows the same content. Writes may
  /// go on. [#adopt] follows.
  ///
  /// @param newParent the parent's metadata; absent where the parents gave nothing but zeroes
  public void relinkLeaf(Optional<VhdInfo> newParent, String newName) throws IOException {
    checkOpen();
    writableLeaf().changeParent(newParent, newName);
  }

  /// Opens the images that the leaf names as its parents now, while this chain is in use.
  public NewParents openParents(ParentResolver resolver) throws IOException {
    Layer own = writableLeaf().layer();
    return new NewParents(ChainOpener.openParents(own, resolver));
  }

  /// Parents that were opened and wait to be adopted; then, the former ones.
  public static final class NewParents {
    private List<Layer> layers;

    private NewParents(List<Layer> layers) {
      this.layers = layers;
    }

    /// Closes them instead; after [#adopt], closes the former ones.
    public void discard() throws IOException {
      ChainOpener.closeAll(layers, null, "new parents");
    }
  }

  /// Reads through these parents from now on. The device is at rest. [NewParents#discard] closes
  /// the former ones then, which may wait until the device runs again: the kernel frees a deleted
  /// file's storage at its last close.
  public void adopt(NewParents adopted) {
    ParentMap former = parents;
    parents = new ParentMap(adopted.layers, geometry, sizeBytes);
    adopted.layers = former.layers();
  }

  @Override
  public long sizeBytes() {
    return sizeBytes;
  }

  @Override
  public boolean readOnly() {
    return leaf == null && fixedLeaf == null;
  }

  @Override
  public void read(long offsetBytes, ByteBuffer target) throws IOException {
    Objects.checkFromIndexSize(offsetBytes, target.remaining(), sizeBytes);
    Span span = new Span();
    int limit = target.limit();
    long at = offsetBytes;
    while (target.position() < limit) {
      locate(at, limit - target.position(), span);
      target.limit(target.position() + (int) span.lengthBytes);
      Container source = span.container;
      if (source == null) {
        zero(target);
      } else {
        source.read(span.offsetBytes, target);
      }
      at += span.lengthBytes;
      target.limit(limit);
    }
  }

  @Override
  public void write(long offsetBytes, ByteBuffer source, Durability durability) throws IOException {
    Objects.checkFromIndexSize(offsetBytes, source.remaining(), sizeBytes);
    beginChange();
    if (fixedLeaf != null) {
      fixedLeaf.container().write(offsetBytes, source, Durability.WRITE_BACK);
    } else {
      writeBlocks(offsetBytes, source);
    }
    finishChange(durability);
  }

  @Override
  public void flush() throws IOException {
    checkOpen();
    if (leaf != null) {
      leaf.commit();
    } else if (fixedLeaf != null) {
      fixedLeaf.container().flush();
    }
  }

  @Override
  public void discard(long offsetBytes, long lengthBytes) throws IOException {
    Objects.checkFromIndexSize(offsetBytes, lengthBytes, sizeBytes);
    beginChange();
    long start = VhdLayout.roundUp(offsetBytes, SECTOR_BYTES);
    long end = (offsetBytes + lengthBytes) / SECTOR_BYTES * SECTOR_BYTES;
    if (start < end) {
      zeroRange(start, end - start, Zeroing.MAY_DEALLOCATE);
    }
    finishChange(Durability.WRITE_BACK);
  }

  @Override
  public void writeZeroes(
      long offsetBytes, long lengthBytes, Zeroing zeroing, Durability durability)
      throws IOException {
    Objects.checkFromIndexSize(offsetBytes, lengthBytes, sizeBytes);
    beginChange();
    zeroRange(offsetBytes, lengthBytes, zeroing);
    finishChange(durability);
  }

  @Override
  public boolean fastZeroes(Zeroing zeroing) {
    return switch (zeroing) {
      case MAY_DEALLOCATE -> true;
      case ALLOCATE -> layers().getFirst().container().fastZeroes(zeroing);
    };
  }

  @Override
  public void extents(long offsetBytes, long lengthBytes, ExtentVisitor visitor)
      throws IOException {
    Objects.checkFromIndexSize(offsetBytes, lengthBytes, sizeBytes);
    ExtentMerger merger = new ExtentMerger(visitor);
    Span span = new Span();
    long at = offsetBytes;
    long end = offsetBytes + lengthBytes;
    while (at < end && merger.wanted()) {
      locate(at, end - at, span);
      Container source = span.container;
      if (source == null) {
        merger.add(at, span.lengthBytes, Kind.HOLE);
      } else {
        long shift = at - span.offsetBytes;
        source.extents(
            span.offsetBytes,
            span.lengthBytes,
            (from, length, kind) -> merger.add(from + shift, length, kind));
      }
      at += span.lengthBytes;
    }
    merger.finish();
  }

  /// Reports which image of the chain holds each run of a range.
  public void map(long offsetBytes, long lengthBytes, SourceVisitor visitor) throws IOException {
    Objects.checkFromIndexSize(offsetBytes, lengthBytes, sizeBytes);
    SourceMerger merger = new SourceMerger(visitor);
    Span span = new Span();
    long end = offsetBytes + lengthBytes;
    for (long at = offsetBytes; at < end && merger.wanted(); at += span.lengthBytes) {
      locate(at, end - at, span);
      Container source = span.container;
      merger.add(
          at,
          span.lengthBytes,
          source == null ? Kind.HOLE : Kind.DATA,
          source == null ? "" : source.location());
    }
    merger.finish();
  }

  @Override
  public long transferable(long offsetBytes, long lengthBytes) {
    Objects.checkFromIndexSize(offsetBytes, lengthBytes, sizeBytes);
    try {
      Span span = new Span();
      locate(offsetBytes, lengthBytes, span);
      Container source = span.container;
      return source == null ? 0 : source.transferable(span.offsetBytes, span.lengthBytes);
    } catch (IOException e) {
      return 0;
    }
  }

  @Override
  public long transferTo(long offsetBytes, long lengthBytes, WritableByteChannel target)
      throws IOException {
    Objects.checkFromIndexSize(offsetBytes, lengthBytes, sizeBytes);
    Span span = new Span();
    locate(offsetBytes, lengthBytes, span);
    Container source = span.container;
    return source == null ? 0 : source.transferTo(span.offsetBytes, span.lengthBytes, target);
  }

  /// Commits what is pending, if no flush failed before, and closes every image.
  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    IOException failure = null;
    try {
      if (leaf != null) {
        leaf.finish();
      } else if (fixedLeaf != null) {
        fixedLeaf.container().flush();
      }
    } catch (IOException e) {
      failure = e;
    }
    ChainOpener.closeAll(layers(), failure, location);
  }

  List<Layer> layers() {
    Layer first = leaf != null ? leaf.layer() : fixedLeaf;
    if (first == null) {
      return parents.layers();
    }
    List<Layer> all = new ArrayList<>(parents.layers().size() + 1);
    all.add(first);
    all.addAll(parents.layers());
    return all;
  }

  /// Where a range's first bytes are. A mutable carrier, so that a read makes no garbage.
  private static final class Span {
    /// Null where no image holds the bytes: they read as zeroes.
    @Nullable Container container;

    long offsetBytes;
    long lengthBytes;
  }

  private void locate(long offsetBytes, long mostBytes, Span span) throws IOException {
    checkOpen();
    if (fixedLeaf != null) {
      span.container = fixedLeaf.container();
      span.offsetBytes = offsetBytes;
      span.lengthBytes = mostBytes;
      return;
    }
    int block = (int) (offsetBytes >>> geometry.blockShift());
    int inBlock = (int) (offsetBytes & geometry.blockBytes() - 1);
    int sector = inBlock / SECTOR_BYTES;
    int length = (int) Math.min(mostBytes, geometry.blockBytes() - inBlock);
    int endSector = Math.ceilDiv(inBlock + length, SECTOR_BYTES);
    LeafBlock own = leaf == null ? null : leaf.block(block);
    if (leaf != null && own != null) {
      boolean present = own.has(sector);
      endSector = own.endOfRun(sector, endSector, present);
      length = Math.min(length, endSector * SECTOR_BYTES - inBlock);
      if (present) {
        span.container = leaf.layer().container();
        span.offsetBytes = leaf.dataOffsetBytes(own, inBlock);
        span.lengthBytes = length;
        return;
      }
    }
    locateInParents(block, inBlock, length, span);
  }

  private void locateInParents(int block, int inBlock, int length, Span span) throws IOException {
    ParentMap map = parents;
    int[] runs = map.runs(block);
    int sector = inBlock / SECTOR_BYTES;
    int run = ParentMap.find(runs, sector);
    int owner = runs[run + 1];
    long available = length;
    if (run + 2 < runs.length) {
      available = Math.min(available, (long) runs[run + 2] * SECTOR_BYTES - inBlock);
    }
    if (owner == ParentMap.HOLE) {
      span.container = null;
      span.lengthBytes = available;
      return;
    }
    Layer layer = map.layers().get(owner);
    long absolute = (long) block * geometry.sectorsPerBlock() + sector;
    int inSector = inBlock % SECTOR_BYTES;
    span.container = layer.container();
    span.offsetBytes = layer.dataOffsetBytes(absolute) + inSector;
    span.lengthBytes =
        Math.min(available, layer.contiguousSectors(absolute) * SECTOR_BYTES - inSector);
  }

  private void writeBlocks(long offsetBytes, ByteBuffer source) throws IOException {
    WritableLeaf target = writableLeaf();
    int limit = source.limit();
    long at = offsetBytes;
    while (source.position() < limit) {
      int block = (int) (at >>> geometry.blockShift());
      int inBlock = (int) (at & geometry.blockBytes() - 1);
      int length = Math.min(limit - source.position(), geometry.blockBytes() - inBlock);
      source.limit(source.position() + length);
      LeafBlock known = target.block(block);
      if (known != null
          && known.hasAll(inBlock / SECTOR_BYTES, Math.ceilDiv(inBlock + length, SECTOR_BYTES))) {
        target
            .layer()
            .container()
            .write(target.dataOffsetBytes(known, inBlock), source, Durability.WRITE_BACK);
      } else {
        writeNewSectors(target, block, inBlock, source);
      }
      source.limit(limit);
      at += length;
    }
  }

  /// Writes a range of a block of which some sectors are not present yet.
  private void writeNewSectors(WritableLeaf target, int block, int inBlock, ByteBuffer source)
      throws IOException {
    int length = source.remaining();
    int first = inBlock / SECTOR_BYTES;
    int end = Math.ceilDiv(inBlock + length, SECTOR_BYTES);
    ReentrantLock lock = target.lockOf(block);
    lock.lock();
    try {
      LeafBlock known = target.blockLocked(block);
      // What the first and the last sector hold beside the new bytes must come along.
      boolean headCut = inBlock % SECTOR_BYTES != 0;
      boolean tailCut = (inBlock + length) % SECTOR_BYTES != 0;
      boolean oneSector = end - first == 1;
      ByteBuffer head =
          headCut || (tailCut && oneSector) ? absentSector(known, block, first) : null;
      ByteBuffer tail = tailCut && !oneSector ? absentSector(known, block, end - 1) : null;
      LeafBlock own = known == null ? target.allocateLocked(block) : known;
      Container container = target.layer().container();
      long base = target.dataOffsetBytes(own, 0);
      if (head != null) {
        container.write(base + (long) first * SECTOR_BYTES, head, Durability.WRITE_BACK);
      }
      if (tail != null) {
        container.write(base + (long) (end - 1) * SECTOR_BYTES, tail, Durability.WRITE_BACK);
      }
      container.write(base + inBlock, source, Durability.WRITE_BACK);
      target.addSectors(own, first, end);
    } finally {
      lock.unlock();
    }
  }

  /// The content of a sector if it is not present in the leaf; null if it is.
  private @Nullable ByteBuffer absentSector(@Nullable LeafBlock known, int block, int sector)
      throws IOException {
    if (known != null && known.has(sector)) {
      return null;
    }
    ByteBuffer content = ByteBuffer.allocate(SECTOR_BYTES);
    Span span = new Span();
    locateInParents(block, sector * SECTOR_BYTES, SECTOR_BYTES, span);
    Container source = span.container;
    if (source != null) {
      source.read(span.offsetBytes, content);
    }
    return content.clear();
  }

  private void zeroRange(long offsetBytes, long lengthBytes, Zeroing zeroing) throws IOException {
    if (fixedLeaf != null) {
      fixedLeaf.container().writeZeroes(offsetBytes, lengthBytes, zeroing, Durability.WRITE_BACK);
      return;
    }
    long at = offsetBytes;
    long end = offsetBytes + lengthBytes;
    while (at < end) {
      int block = (int) (at >>> geometry.blockShift());
      int inBlock = (int) (at & geometry.blockBytes() - 1);
      int length = (int) Math.min(end - at, geometry.blockBytes() - inBlock);
      zeroInBlock(block, inBlock, length, zeroing);
      at += length;
    }
  }

  private void zeroInBlock(int block, int inBlock, int length, Zeroing zeroing) throws IOException {
    int first = Math.ceilDiv(inBlock, SECTOR_BYTES);
    int end = (inBlock + length) / SECTOR_BYTES;
    if (first >= end) {
      zeroBytes(block, inBlock, length);
      return;
    }
    int headLength = first * SECTOR_BYTES - inBlock;
    if (headLength > 0) {
      zeroBytes(block, inBlock, headLength);
    }
    zeroSectors(block, first, end, zeroing);
    int tailLength = inBlock + length - end * SECTOR_BYTES;
    if (tailLength > 0) {
      zeroBytes(block, end * SECTOR_BYTES, tailLength);
    }
  }

  /// Zeroes a part of a sector by writing.
  private void zeroBytes(int block, int inBlock, int length) throws IOException {
    long at = ((long) block << geometry.blockShift()) + inBlock;
    writeBlocks(at, ZEROES.duplicate().limit(length));
  }

  private void zeroSectors(int block, int first, int end, Zeroing zeroing) throws IOException {
    WritableLeaf target = writableLeaf();
    ReentrantLock lock = target.lockOf(block);
    lock.lock();
    try {
      LeafBlock own = target.blockLocked(block);
      boolean parentData = parents.anyData(block);
      if (own == null && zeroing == Zeroing.MAY_DEALLOCATE && !parentData) {
        return;
      }
      if (own == null) {
        own = target.allocateLocked(block);
      }
      long base = target.dataOffsetBytes(own, 0);
      target
          .layer()
          .container()
          .writeZeroes(
              base + (long) first * SECTOR_BYTES,
              (long) (end - first) * SECTOR_BYTES,
              zeroing,
              Durability.WRITE_BACK);
      if (parentData || zeroing == Zeroing.ALLOCATE) {
        target.addSectors(own, first, end);
      }
    } finally {
      lock.unlock();
    }
  }

  private void beginChange() throws IOException {
    checkOpen();
    if (readOnly()) {
      throw new ReadOnlyDeviceException(location);
    }
    markModified();
    if (leaf != null) {
      leaf.checkUsable();
      if (leaf.commitDue()) {
        leaf.commit();
      }
    }
  }

  private void finishChange(Durability durability) throws IOException {
    if (durability == Durability.FUA) {
      flush();
    }
  }

  private void markModified() throws IOException {
    if (leaf != null) {
      leaf.markModified();
    } else if (fixedLeaf != null && fixedModified.compareAndSet(false, true)) {
      Footers.writeTrailing(
          fixedLeaf.container(),
          fixedLeaf.metadata().footer().touched(Clock.systemUTC().instant().getEpochSecond()));
    }
  }

  private WritableLeaf writableLeaf() {
    return Objects.requireNonNull(leaf, "the chain is read-only");
  }

  private void checkOpen() throws IOException {
    if (closed) {
      throw new IOException(location + " is closed");
    }
  }

  private static void zero(ByteBuffer target) {
    while (target.hasRemaining()) {
      int length = Math.min(target.remaining(), ZEROES.capacity());
      target.put(ZEROES.duplicate().limit(length));
    }
  }
}
