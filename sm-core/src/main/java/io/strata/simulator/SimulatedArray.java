// SPDX-License-Identifier: Apache-2.0
package io.strata.simulator;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.FileContainer;
import io.strata.spi.SpaceStat;
import io.strata.spi.VdiUuid;
import io.strata.store.DirectoryStore;
import io.strata.store.NoSpaceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Volumes that share pages of 64 KiB and copy them on write, persisted in a folder.
///
/// A volume's map is on disk as it was at its last flush. A page that a map on disk may still name
/// is neither overwritten for, nor given to, anybody else before that map is written anew: so after
/// a crash every volume reads as it was flushed, or newer where it wrote to a page of its own.
///
/// **Threads.** Guarded by its own monitor.
final class SimulatedArray {
  static final int PAGE_BYTES = 64 << 10;

  private static final String PAGES = ".strata-pages";
  private static final String MAP_SUFFIX = ".map";
  private static final String DRAFT_SUFFIX = ".draft";
  private static final int UUID_LENGTH = 36;

  private final Path folder;
  private final DirectoryStore names;
  private final FileContainer store;
  private final int pageLimit;
  private final Map<VdiUuid, PageMap> maps = new TreeMap<>();
  private final Map<VdiUuid, List<Integer>> dropped = new HashMap<>();
  private final Map<Integer, Integer> users = new HashMap<>();
  private final BitSet taken = new BitSet();

  private SimulatedArray(Path folder, FileContainer store, int pageLimit) {
    this.folder = folder;
    this.names = new DirectoryStore(folder);
    this.store = store;
    this.pageLimit = pageLimit;
  }

  static SimulatedArray open(Path folder, long sizeBytes) throws IOException {
    Path pages = folder.resolve(PAGES);
    FileContainer store =
        Files.exists(pages) ? FileContainer.openReadWrite(pages) : FileContainer.create(pages);
    int limit = (int) Math.min(Integer.MAX_VALUE, sizeBytes / PAGE_BYTES);
    SimulatedArray array = new SimulatedArray(folder, store, limit);
    array.load();
    return array;
  }

  private void load() throws IOException {
    for (String name : names.names()) {
      if (name.endsWith(DRAFT_SUFFIX)) {
        names.delete(name);
      } else if (name.endsWith(MAP_SUFFIX)) {
        PageMap map = PageMap.parse(name, Files.readAllBytes(folder.resolve(name)));
        maps.put(vdi(name), map);
        map.pages.values().forEach(this::use);
      }
    }
  }

  private static VdiUuid vdi(String name) throws IOException {
    try {
      return VdiUuid.parse(name.substring(0, Math.min(UUID_LENGTH, name.length())));
    } catch (io.strata.spi.StorageException malformed) {
      throw new IOException(name + " is no volume's map: " + malformed.what(), malformed);
    }
  }

  String location() {
    return folder.toString();
  }

  DirectoryStore names() {
    return names;
  }

  synchronized SpaceStat space() {
    return new SpaceStat(
        (long) pageLimit * PAGE_BYTES, (long) (pageLimit - taken.cardinality()) * PAGE_BYTES);
  }

  synchronized List<VdiUuid> volumes() {
    return List.copyOf(maps.keySet());
  }

  synchronized boolean exists(VdiUuid vdi) {
    return maps.containsKey(vdi);
  }

  synchronized long sizeBytes(VdiUuid vdi) throws IOException {
    return map(vdi).sizeBytes;
  }

  synchronized long physicalBytes(VdiUuid vdi) throws IOException {
    return (long) map(vdi).pages.size() * PAGE_BYTES;
  }

  synchronized void create(VdiUuid vdi, long sizeBytes) throws IOException {
    add(vdi, new PageMap(sizeBytes, Map.of()));
  }

  /// Makes a volume with the content that another has now.
  synchronized void copy(VdiUuid source, VdiUuid copy) throws IOException {
    flush(source);
    add(copy, map(source).copy());
  }

  private void add(VdiUuid vdi, PageMap map) throws IOException {
    persist(vdi, map);
    map.pages.values().forEach(this::use);
    maps.put(vdi, map);
  }

  /// Gives a volume the content and size that another has.
  synchronized void revert(VdiUuid volume, VdiUuid snapshot) throws IOException {
    flush(volume);
    PageMap before = map(volume);
    PageMap after = map(snapshot).copy();
    persist(volume, after);
    after.pages.values().forEach(this::use);
    maps.put(volume, after);
    before.pages.values().forEach(this::leave);
  }

  synchronized void resize(VdiUuid vdi, long sizeBytes) throws IOException {
    map(vdi).sizeBytes = sizeBytes;
    flush(vdi);
  }

  synchronized void delete(VdiUuid vdi) throws IOException {
    names.delete(vdi + MAP_SUFFIX);
    names.sync();
    PageMap map = maps.remove(vdi);
    if (map != null) {
      map.pages.values().forEach(this::leave);
      dropped.getOrDefault(vdi, List.of()).forEach(this::leave);
      dropped.remove(vdi);
    }
  }

  /// Fills `target` from one part of a volume.
  synchronized void read(VdiUuid vdi, int part, int inPage, ByteBuffer target) throws IOException {
    Integer page = map(vdi).pages.get(part);
    if (page == null) {
      while (target.hasRemaining()) {
        target.put((byte) 0);
      }
    } else {
      store.read((long) page * PAGE_BYTES + inPage, target);
    }
  }

  /// Writes within one part of a volume, to a page that is its own.
  synchronized void write(VdiUuid vdi, int part, int inPage, ByteBuffer source) throws IOException {
    PageMap map = map(vdi);
    Integer page = map.pages.get(part);
    if (page != null && users.getOrDefault(page, 0) == 1) {
      store.write((long) page * PAGE_BYTES + inPage, source, Durability.WRITE_BACK);
      return;
    }
    ByteBuffer whole = ByteBuffer.allocate(PAGE_BYTES);
    if (page != null) {
      store.read((long) page * PAGE_BYTES, whole);
    }
    whole.clear().position(inPage);
    whole.put(source);
    int own = allocate();
    store.write((long) own * PAGE_BYTES, whole.clear(), Durability.WRITE_BACK);
    use(own);
    map.pages.put(part, own);
    drop(vdi, page);
  }

  /// Makes a whole part read as zeroes.
  synchronized void clear(VdiUuid vdi, int part) throws IOException {
    drop(vdi, map(vdi).pages.remove(part));
  }

  synchronized boolean allocated(VdiUuid vdi, int part) throws IOException {
    return map(vdi).pages.containsKey(part);
  }

  synchronized void flush(VdiUuid vdi) throws IOException {
    // Barrier: the pages are durable before the map names them.
    store.flush();
    persist(vdi, map(vdi));
    List<Integer> free = dropped.remove(vdi);
    if (free != null) {
      free.forEach(this::leave);
    }
  }

  synchronized void close() throws IOException {
    store.close();
  }

  private void persist(VdiUuid vdi, PageMap map) throws IOException {
    String draft = vdi + MAP_SUFFIX + DRAFT_SUFFIX;
    try (FileChannel channel =
        FileChannel.open(
            folder.resolve(draft),
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer bytes = ByteBuffer.wrap(map.toBytes());
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    names.replace(draft, vdi + MAP_SUFFIX);
    names.sync();
  }

  private PageMap map(VdiUuid vdi) throws IOException {
    PageMap map = maps.get(vdi);
    if (map == null) {
      throw new java.nio.file.NoSuchFileException(vdi + " in " + folder);
    }
    return map;
  }

  private int allocate() throws IOException {
    int page = taken.nextClearBit(0);
    if (page >= pageLimit) {
      throw new NoSpaceException(folder.toString(), PAGE_BYTES, 0);
    }
    store.ensureCapacity((page + 1L) * PAGE_BYTES);
    return page;
  }

  private void use(int page) {
    users.merge(page, 1, Integer::sum);
    taken.set(page);
  }

  private void leave(int page) {
    if (users.merge(page, -1, Integer::sum) == 0) {
      users.remove(page);
      taken.clear(page);
    }
  }

  private void drop(VdiUuid vdi, @Nullable Integer page) {
    if (page != null) {
      dropped.computeIfAbsent(vdi, _ -> new ArrayList<>()).add(page);
    }
  }
}
