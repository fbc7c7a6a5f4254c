// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static io.strata.crash.SectorModel.SECTOR_BYTES;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import io.strata.block.Container;
import io.strata.block.sim.FaultContainer;
import io.strata.block.sim.FaultPlan;
import io.strata.block.sim.LogEntry;
import io.strata.block.sim.MemoryContainer;
import io.strata.block.sim.RecordingContainer;
import io.strata.block.sim.WriteLog;
import io.strata.vhd.MergeListener;
import io.strata.vhd.TargetUse;
import io.strata.vhd.VhdChain;
import io.strata.vhd.VhdCreator;
import io.strata.vhd.VhdEditor;
import io.strata.vhd.VhdInfo;
import io.strata.vhd.VhdMerge;
import io.strata.vhd.VhdRejectedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A VHD chain on recorded storage, and beside it the model of what it must hold.
final class VhdRig {
  static final int BLOCK_BYTES = 2 << 20;

  /// What is looked at of the space that growth adds.
  private static final int WATCHED_BYTES = 16 << 10;

  private final WriteLog log = new WriteLog();
  private final SplittableRandom random;
  private final List<MemoryContainer> containers = new ArrayList<>();
  private final Map<UUID, Integer> images = new HashMap<>();
  private final Set<Integer> hidden = new HashSet<>();
  private SectorModel model = SectorModel.zeroes();
  private Set<Long> sizes;
  private int leaf;
  private final Optional<FaultPlan> faults;
  private final List<FaultContainer> failing = new ArrayList<>();
  private @Nullable VhdChain chain;
  private long lookedAt = -1;

  VhdRig(long seed, long sizeBytes, Optional<FaultPlan> faults) {
    random = new SplittableRandom(seed);
    this.faults = faults;
    sizes = Set.of(sizeBytes);
  }

  /// A rig whose storage never fails.
  VhdRig(long seed, long sizeBytes) {
    this(seed, sizeBytes, Optional.empty());
  }

  /// From now on direct writes are lost, although they are drained.
  void withoutDrains() {
    log.withoutDrains();
  }

  /// Creates a dynamic disk, and opens it.
  void create() throws IOException {
    leaf = add();
    expect(false, false);
    Container container = open(leaf, true);
    UUID uuid = uuid();
    VhdCreator.dynamic(container, uuid, sizes.iterator().next());
    container.close();
    images.put(uuid, leaf);
    expect(true, true);
    chain = openChain();
  }

  /// Creates a fixed disk, and opens it.
  ///
  /// @param roomBytes room with remnants between the disk and the footer, as other programs may
  ///   leave it
  void createFixed(int roomBytes) throws IOException {
    leaf = add();
    expect(false, false);
    Container container = open(leaf, true);
    UUID uuid = uuid();
    long sizeBytes = sizes.iterator().next();
    VhdCreator.fixed(container, uuid, sizeBytes);
    if (roomBytes > 0) {
      addRoom(container, sizeBytes, roomBytes);
    }
    container.close();
    images.put(uuid, leaf);
    expect(true, true);
    chain = openChain();
  }

  private void addRoom(Container container, long sizeBytes, int roomBytes) throws IOException {
    ByteBuffer footer = ByteBuffer.allocate(SECTOR_BYTES);
    container.read(sizeBytes, footer);
    byte[] remnants = new byte[roomBytes];
    random.nextBytes(remnants);
    container.ensureCapacity(sizeBytes + roomBytes + SECTOR_BYTES);
    container.write(sizeBytes, ByteBuffer.wrap(remnants));
    container.write(sizeBytes + roomBytes, footer.flip());
    container.flush();
  }

  /// The closed leaf, which is fixed, grows without its footer, as a power cut leaves it, and is
  /// opened again.
  void growWithoutFooter(int moreBytes) throws IOException {
    close();
    Container container = open(leaf, true);
    container.ensureCapacity(container.sizeBytes() + moreBytes);
    container.close();
    chain = openChain();
  }

  /// Another program, whose I/O does not fail, fills what the closed leaf's last block has beyond
  /// the end of the disk; then the leaf is opened again.
  void fillBeyondEnd() throws IOException {
    long sizeBytes = sizeBytes();
    byAnotherProgram(container -> FilledEnd.fill(container, sizeBytes));
  }

  /// Another program, whose I/O does not fail, leaves the closed leaf's batmap with bits of blocks
  /// that are not allocated; then the leaf is opened again.
  void callUnallocatedFull() throws IOException {
    byAnotherProgram(ForeignBatmap::callUnallocatedFull);
  }

  /// What another program does to an image.
  @FunctionalInterface
  private interface Edit {
    void make(Container container) throws IOException;
  }

  private void byAnotherProgram(Edit edit) throws IOException {
    close();
    Container container = new RecordingContainer(containers.get(leaf).reopen(true), log, leaf);
    edit.make(container);
    container.close();
    chain = openChain();
  }

  Recording recording() throws IOException {
    chain().close();
    return Recording.ofNew(log.entries());
  }

  SplittableRandom random() {
    return random;
  }

  long sizeBytes() {
    return chain().sizeBytes();
  }

  /// Writes random bytes.
  void write(long offset, int length, Durability durability) throws IOException {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    write(offset, bytes, durability);
  }

  private void write(long offset, byte[] bytes, Durability durability) throws IOException {
    SectorModel before = model;
    writing(before.writing(offset, bytes));
    chain().write(offset, ByteBuffer.wrap(bytes), durability);
    if (durability == Durability.FUA) {
      model = before.forced(offset, bytes);
      expect(true, true);
    }
    checkLive(offset, bytes.length);
  }

  void zero(long offset, int length, Zeroing zeroing, Durability durability) throws IOException {
    byte[] zeroes = new byte[length];
    SectorModel before = model;
    writing(before.writing(offset, zeroes));
    chain().writeZeroes(offset, length, zeroing, durability);
    if (durability == Durability.FUA) {
      model = before.forced(offset, zeroes);
      expect(true, true);
    }
    checkLive(offset, length);
  }

  /// Discards whole sectors; each is then as before or zero.
  void discard(long nearOffset, int mostSectors) throws IOException {
    long firstSector = nearOffset / SECTOR_BYTES;
    int sectors = (int) Math.min(mostSectors, sizeBytes() / SECTOR_BYTES - firstSector);
    long offset = firstSector * SECTOR_BYTES;
    int length = sectors * SECTOR_BYTES;
    SectorModel before = model;
    writing(before.writing(offset, new byte[length]));
    chain().discard(offset, length);
    byte[] now = new byte[length];
    chain().read(offset, ByteBuffer.wrap(now));
    for (int i = 0; i < sectors; i++) {
      lookedAt = firstSector + i;
      model.check(lookedAt, now, i * SECTOR_BYTES);
    }
    writing(model.writing(offset, now));
  }

  void flush() throws IOException {
    chain().flush();
    model = model.flushed();
    expect(true, true);
  }

  /// Closes the chain and opens it again.
  void reopen() throws IOException {
    close();
    chain = openChain();
  }

  /// Puts a new leaf on top while the disk stays open.
  void snapshot() throws IOException {
    snapshot(false);
  }

  /// As [#snapshot], with writes that nothing flushed on both sides: those to the new leaf make it
  /// grow.
  void snapshotBetweenWrites() throws IOException {
    snapshot(true);
  }

  private void snapshot(boolean writing) throws IOException {
    int base = leaf;
    int child = add();
    UUID uuid = uuid();
    Container container = open(child, true);
    expectUnfinished(child, model);
    chain().createChild(container, uuid, "base" + base + ".vhd");
    images.put(uuid, child);
    VhdChain.Child top = openFlushed(container);
    if (writing) {
      writeSomewhere(0);
    }
    chain = chain().withChild(top);
    leaf = child;
    expect(true, false);
    for (long block = 0; writing && block < Math.min(4, sizeBytes() / BLOCK_BYTES); block++) {
      writeSomewhere(block * BLOCK_BYTES);
    }
    flush();
  }

  private VhdChain.Child openFlushed(Container container) throws IOException {
    container.flush();
    return chain().openChild(container);
  }

  /// Writes within 64 KiB from an offset on.
  private void writeSomewhere(long fromBytes) throws IOException {
    write(fromBytes + random.nextInt(1 << 16), 1 + random.nextInt(1_000), Durability.WRITE_BACK);
  }

  /// Hides the leaf's parent: it becomes a base only.
  void hideParent() throws IOException {
    close();
    int parent = parentOf(leaf);
    Container container = open(parent, true);
    VhdEditor.setHidden(container, true);
    container.close();
    hidden.add(parent);
    expect(true, true);
    chain = openChain();
  }

  /// Makes a second leaf over the leaf's parent, and goes on with that.
  void cloneOfParent(SectorModel parentModel) throws IOException {
    close();
    int parent = parentOf(leaf);
    int copy = add();
    UUID uuid = uuid();
    Container source = open(parent, false);
    Container container = open(copy, true);
    expectUnfinished(copy, parentModel);
    VhdCreator.differencing(container, uuid, source, "base" + parent + ".vhd");
    container.close();
    source.close();
    images.put(uuid, copy);
    leaf = copy;
    model = parentModel;
    expect(true, true);
    chain = openChain();
  }

  /// What the disk must hold now.
  SectorModel model() {
    return model;
  }

  void resize(long sizeBytes) throws IOException {
    close();
    Set<Long> before = sizes;
    long oldBytes = before.iterator().next();
    sizes = Set.copyOf(List.of(oldBytes, sizeBytes));
    model = model.watching(oldBytes, Math.min(sizeBytes, oldBytes + WATCHED_BYTES));
    expect(true, false);
    Container container = open(leaf, true);
    VhdEditor.resize(container, sizeBytes);
    container.close();
    sizes = Set.of(sizeBytes);
    expect(true, true);
    chain = openChain();
  }

  /// Makes the leaf skip its parent, which is empty.
  void relinkToGrandparent() throws IOException {
    close();
    int parent = parentOf(leaf);
    UUID parentUuid = info(parent).uuid();
    VhdInfo grandparent = info(parentOf(parent));
    Container container = open(leaf, true);
    VhdEditor.relink(container, grandparent, "grandparent.vhd");
    container.close();
    // The old parent may be deleted now: nothing finds it any more.
    images.remove(parentUuid);
    expect(true, true);
    chain = openChain();
  }

  /// Merges the closed leaf into its parent, which grows before where it is smaller, and is the
  /// disk from then on.
  void mergeIntoParent() throws IOException {
    close();
    int parent = parentOf(leaf);
    growTo(parent, sizes.iterator().next());
    try (VhdMerge merge =
        VhdMerge.open(List.of(open(leaf, false), open(parent, true)), 1, TargetUse.EXCLUSIVE)) {
      merge.run(0, MergeListener.none());
    }
    leaf = parent;
    expect(true, true);
    chain = openChain();
  }

  /// One footer of the closed leaf is overwritten with zeroes, and the leaf is opened again.
  ///
  /// @param atEnd whether it is the one at the end
  void loseFooter(boolean atEnd) throws IOException {
    close();
    Container container = open(leaf, true);
    long at = atEnd ? container.sizeBytes() - SECTOR_BYTES : 0;
    container.write(at, ByteBuffer.allocate(SECTOR_BYTES), Durability.WRITE_BACK);
    container.close();
    chain = openChain();
  }

  private void growTo(int number, long sizeBytes) throws IOException {
    try (Container container = open(number, true)) {
      if (VhdInfo.read(container).sizeBytes() < sizeBytes) {
        VhdEditor.resize(container, sizeBytes);
      }
    }
  }

  private void close() throws IOException {
    chain().close();
    model = model.flushed();
    expect(true, true);
  }

  private void writing(SectorModel next) {
    model = next;
    expect(true, false);
  }

  /// While a child is created: it is complete or not used, and the disk is as ever.
  private void expectUnfinished(int child, SectorModel parentModel) {
    VhdExpectation unfinished =
        new VhdExpectation(child, images, hidden, sizes, parentModel, false, false);
    VhdExpectation disk = new VhdExpectation(leaf, images, hidden, sizes, model, true, false);
    log.mark(new BothExpected(unfinished, disk));
  }

  private void expect(boolean created, boolean acknowledged) {
    log.mark(new VhdExpectation(leaf, images, hidden, sizes, model, created, acknowledged));
  }

  /// Every sector of the range must read as written last.
  private void checkLive(long offset, int length) throws IOException {
    long first = offset / SECTOR_BYTES;
    long end = Math.ceilDiv(offset + length, (long) SECTOR_BYTES);
    byte[] bytes = new byte[SECTOR_BYTES];
    for (long sector = first; sector < end; sector++) {
      lookedAt = sector;
      chain().read(sector * SECTOR_BYTES, ByteBuffer.wrap(bytes));
      if (!Arrays.equals(bytes, model.latest(sector))) {
        throw new AssertionError("sector " + sector + " does not read as it was written");
      }
    }
  }

  private VhdChain openChain() throws IOException {
    return VhdChain.open(open(leaf, true), true, (link, child) -> open(image(link.uuid()), false));
  }

  /// The open disk.
  VhdChain chain() {
    if (chain == null) {
      throw new IllegalStateException("the disk is not open");
    }
    return chain;
  }

  /// Whether the disk is open.
  boolean open() {
    return chain != null;
  }

  /// The storage as it is now, after the power went or not, and without any more faults. What is
  /// done to it leaves this rig's alone.
  SimulatedStorage storage(boolean powerLost) throws IOException {
    if (powerLost) {
      for (FaultContainer container : failing) {
        container.losePower();
      }
    }
    List<MemoryContainer> copies = containers.stream().map(MemoryContainer::overlay).toList();
    return new SimulatedStorage(copies, Map.of(), Optional.empty(), 0);
  }

  /// The images by their locations, sound.
  Map<String, MemoryContainer> images() {
    return containers.stream().collect(Collectors.toMap(MemoryContainer::location, c -> c));
  }

  /// The offsets that footers were ever written at, by the location of their image.
  Map<String, Set<Long>> footers() {
    Map<String, Set<Long>> footers = new HashMap<>();
    for (LogEntry entry : log.entries()) {
      if (entry instanceof LogEntry.Write write && FooterWrites.isOne(write)) {
        footers
            .computeIfAbsent(containers.get(write.container()).location(), _ -> new HashSet<>())
            .add(write.offsetBytes());
      }
    }
    return footers;
  }

  /// The sector that was read back last.
  long lookedAt() {
    return lookedAt;
  }

  /// What must hold now.
  Expectation expectation() {
    List<LogEntry> entries = log.entries();
    for (LogEntry entry : entries.reversed()) {
      if (entry instanceof LogEntry.Marker marker) {
        return (Expectation) marker.note();
      }
    }
    throw new IllegalStateException("nothing was done yet");
  }

  private int parentOf(int number) throws IOException {
    return image(info(number).parent().orElseThrow().uuid());
  }

  private int image(UUID uuid) throws VhdRejectedException {
    Integer number = images.get(uuid);
    if (number == null) {
      throw new VhdRejectedException("no image " + uuid);
    }
    return number;
  }

  private VhdInfo info(int number) throws IOException {
    try (Container container = open(number, false)) {
      return VhdInfo.read(container);
    }
  }

  private int add() {
    int number = log.addContainer();
    MemoryContainer container = MemoryContainer.create("image" + number);
    containers.add(container);
    faults.ifPresent(plan -> failing.add(new FaultContainer(container, plan)));
    return number;
  }

  private Container open(int number, boolean writable) {
    Container handle = containers.get(number).reopen(writable);
    if (faults.isPresent()) {
      handle = failing.get(number).reopen(handle);
    }
    return new RecordingContainer(handle, log, number);
  }

  private UUID uuid() {
    return new UUID(random.nextLong(), random.nextLong());
  }

  /// Sizes that a write may have, whole sectors and not.
  int someLength() {
    List<Integer> lengths = List.of(512, 512, 1024, 4096, 100, 700, 1500, 6000);
    return lengths.get(random.nextInt(lengths.size()));
  }

  /// An offset at which `length` bytes fit; most lie near the start of a block, where they meet.
  long someOffset(int length) {
    long blocks = Math.ceilDiv(sizeBytes(), (long) BLOCK_BYTES);
    long block = random.nextLong(blocks) * BLOCK_BYTES;
    long inBlock = random.nextInt(8) == 0 ? BLOCK_BYTES - 700 : random.nextLong(12) * 512;
    if (length % 512 != 0) {
      inBlock += random.nextInt(512);
    }
    return Math.min(block + inBlock, sizeBytes() - length);
  }
}
