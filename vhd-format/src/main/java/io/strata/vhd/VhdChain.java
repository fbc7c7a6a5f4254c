// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.block.BlockDevice;
import io.strata.block.CacheUse;
import io.strata.block.Container;
import io.strata.block.Extent.Kind;
import io.strata.block.ExtentVisitor;
import io.strata.block.ReadOnlyDeviceException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
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

  /// Null where the chain is read-only.
  private final @Nullable LeafWriter writer;

  private final ChainMap map;
  private final long sizeBytes;
  private final String location;
  private volatile boolean closed;

  /// What the former leaf took last, as long as that may not be durable; null otherwise.
  private volatile @Nullable Former former;

  private VhdChain(
      @Nullable WritableLeaf leaf, @Nullable LeafWriter writer, ChainMap map, String location) {
    this.leaf = leaf;
    this.writer = writer;
    this.map = map;
    this.location = location;
    sizeBytes = map.sizeBytes();
  }

  /// A leaf that takes no more writes.
  ///
  /// @param writer what it took them by
  /// @param layer as its child reads it
  private record Former(LeafWriter writer, Layer layer) {
    /// What is sent at once; more where an image is so large that it would be too many pieces.
    private static final long PIECE_BYTES = 8L << 20;

    private static final int MOST_PIECES = 1024;

    /// Brings what was written to the medium before the barrier, one piece after another. A flush
    /// that finds all of it undone works in the kernel without a break, which may not be preempted:
    /// guests were seen to wait 30 ms for its processor.
    @SuppressWarnings("ThreadPriorityCheck") // where nobody else waits it costs nothing
    private void sendAhead(boolean patient) {
      Container container = layer.container();
      long sizeBytes = container.sizeBytes();
      long piece = Math.max(PIECE_BYTES, Math.ceilDiv(sizeBytes, MOST_PIECES));
      for (long at = 0; at < sizeBytes; at += piece) {
        container.writeback(at, Math.min(piece, sizeBytes - at));
        if (patient) {
          // Otherwise guests that wake up meanwhile wait for the next tick.
          Thread.yield();
        }
      }
    }
  }

  private static VhdChain readOnly(List<Layer> layers, String location) {
    return new VhdChain(
        null,
        null,
        new ChainMap(
            null, null, layers, layers.getFirst(), new CacheCounters(MetadataBudget.PROCESS)),
        location);
  }

  private static VhdChain onFixed(
      Layer first, boolean untouched, List<Layer> parents, CacheCounters counters, String location)
      throws IOException {
    FixedFooter.settle(first.container());
    return new VhdChain(
        null,
        new FixedWriter(first, untouched),
        new ChainMap(null, first, parents, first, counters),
        location);
  }

  private static VhdChain onLeaf(
      WritableLeaf leaf, List<Layer> parents, CacheCounters counters, String location) {
    ChainMap map = new ChainMap(leaf, null, parents, leaf.layer(), counters);
    return new VhdChain(leaf, new BlockWriter(leaf, map), map, location);
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
    return writable
        ? writable(layers, false, new CacheCounters(MetadataBudget.PROCESS), leaf.location())
        : readOnly(layers, leaf.location());
  }

  /// Opens an image for writing whose only child is open too, and goes on to fit it: what is
  /// written to the one is written to the other ([MirroredLeaf]).
  ///
  /// @param image as in [#open]
  /// @param child the open chain over it, for whose disk both count
  public static VhdChain openMirror(Container image, ParentResolver resolver, VhdChain child)
      throws IOException {
    return writable(
        ChainOpener.open(image, resolver), true, child.map.counters(), image.location());
  }

  private static VhdChain writable(
      List<Layer> layers, boolean untouched, CacheCounters counters, String location)
      throws IOException {
    try {
      Layer first = layers.getFirst();
      List<Layer> rest = layers.subList(1, layers.size());
      if (first.fixed()) {
        return onFixed(first, untouched, rest, counters, location);
      }
      WritableLeaf leaf = untouched ? WritableLeaf.openUntouched(first) : WritableLeaf.open(first);
      return onLeaf(leaf, rest, counters, location);
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
    settle(false);
    if (writer != null) {
      writer.begin();
    }
    VhdCreator.differencing(child, uuid, layers().getFirst().container(), parentName);
  }

  /// Opens an image that [#createChild] made, that was flushed, and that nobody wrote to since, so
  /// that nothing is left to be read when it is put on top. Writes may go on. The container stays
  /// the caller's if this fails.
  public Child openChild(Container container) throws IOException {
    Layer layer = Layer.open(container);
    ParentLink link =
        layer
            .parent()
            .orElseThrow(
                () -> new VhdRejectedException(container.location() + " is no differencing image"));
    Layer own = leaf == null ? layers().getFirst() : leaf.asLayer();
    ChainOpener.checkParent(layer, link, own);
    return new Child(WritableLeaf.openUntouched(layer));
  }

  /// An empty image that waits to be put on top of a chain, and belongs to that from then on.
  public static final class Child implements Closeable {
    private final WritableLeaf leaf;

    private Child(WritableLeaf leaf) {
      this.leaf = leaf;
    }

    @Override
    public void close() throws IOException {
      leaf.layer().close();
    }
  }

  /// Puts an empty image on top. The device is at rest, for a time that depends on neither its size
  /// nor its content: nothing is written or read. What this chain held belongs to the result; this
  /// object is dead.
  ///
  /// What was written up to now is durable after the result's next flush, or [#settle].
  public VhdChain withChild(Child child) throws IOException {
    checkOpen();
    settle(false);
    LeafWriter last = Objects.requireNonNull(writer, "the chain is read-only");
    Layer frozen = leaf == null ? layers().getFirst() : leaf.freeze();
    List<Layer> rest = new ArrayList<>(layers());
    rest.set(0, frozen);
    VhdChain result =
        onLeaf(child.leaf, rest, map.counters(), child.leaf.layer().container().location());
    result.former = new Former(last, frozen);
    closed = true;
    return result;
  }

  /// Makes durable what was written before the last [#withChild]. Writes may go on, and nobody
  /// waits for this as for a flush.
  public void settle() throws IOException {
    settle(true);
  }

  /// @param patient whether everyone else goes first
  private void settle(boolean patient) throws IOException {
    Former last = former;
    if (last != null) {
      last.sendAhead(patient);
      // Barrier: what a flush vouches for includes what the former leaf took.
      last.writer().flush();
      last.layer().forgetNewer();
      former = null;
    }
  }

  /// Says, durably, whether the image that takes the writes is only a base of others.
  public void setHidden(boolean hidden) throws IOException {
    checkOpen();
    if (leaf != null) {
      leaf.setHidden(hidden);
    } else {
      VhdEditor.setHidden(layers().getFirst().container(), hidden);
    }
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
    settle(false);
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
    adopted.layers = map.replaceParents(adopted.layers);
  }

  @Override
  public long sizeBytes() {
    return sizeBytes;
  }

  @Override
  public boolean readOnly() {
    return writer == null;
  }

  @Override
  public void read(long offsetBytes, ByteBuffer target) throws IOException {
    Objects.checkFromIndexSize(offsetBytes, target.remaining(), sizeBytes);
    checkOpen();
    Span span = new Span();
    int limit = target.limit();
    long at = offsetBytes;
    while (target.position() < limit) {
      map.locate(at, limit - target.position(), span);
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
    writerForChange().write(offsetBytes, source);
    finishChange(durability);
  }

  @Override
  public void flush() throws IOException {
    checkOpen();
    settle(false);
    if (writer != null) {
      writer.flush();
    }
  }

  @Override
  public void discard(long offsetBytes, long lengthBytes) throws IOException {
    Objects.checkFromIndexSize(offsetBytes, lengthBytes, sizeBytes);
    LeafWriter target = writerForChange();
    long start = VhdLayout.roundUp(offsetBytes, SECTOR_BYTES);
    long end = (offsetBytes + lengthBytes) / SECTOR_BYTES * SECTOR_BYTES;
    if (start < end) {
      target.writeZeroes(start, end - start, Zeroing.MAY_DEALLOCATE);
    }
  }

  @Override
  public void writeZeroes(
      long offsetBytes, long lengthBytes, Zeroing zeroing, Durability durability)
      throws IOException {
    Objects.checkFromIndexSize(offsetBytes, lengthBytes, sizeBytes);
    writerForChange().writeZeroes(offsetBytes, lengthBytes, zeroing);
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
    checkOpen();
    ExtentMerger merger = new ExtentMerger(visitor);
    Span span = new Span();
    long at = offsetBytes;
    long end = offsetBytes + lengthBytes;
    while (at < end && merger.wanted()) {
      map.locate(at, end - at, span);
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
    checkOpen();
    SourceMerger merger = new SourceMerger(visitor);
    Span span = new Span();
    long end = offsetBytes + lengthBytes;
    for (long at = offsetBytes; at < end && merger.wanted(); at += span.lengthBytes) {
      map.locate(at, end - at, span);
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
      checkOpen();
      Span span = new Span();
      map.locate(offsetBytes, lengthBytes, span);
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
    checkOpen();
    Span span = new Span();
    map.locate(offsetBytes, lengthBytes, span);
    Container source = span.container;
    return source == null ? 0 : source.transferTo(span.offsetBytes, span.lengthBytes, target);
  }

  @Override
  public CacheUse cacheUse() {
    return map.counters().use();
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
      settle(false);
      if (writer != null) {
        writer.finish();
      }
    } catch (IOException e) {
      failure = e;
    }
    ChainOpener.closeAll(layers(), failure, location);
  }

  List<Layer> layers() {
    return map.layers();
  }

  /// Ready for a change.
  private LeafWriter writerForChange() throws IOException {
    checkOpen();
    if (writer == null) {
      throw new ReadOnlyDeviceException(location);
    }
    writer.begin();
    return writer;
  }

  private void finishChange(Durability durability) throws IOException {
    if (durability == Durability.FUA) {
      flush();
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
