// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static io.strata.crash.SectorModel.SECTOR_BYTES;

import io.strata.block.Container;
import io.strata.vhd.DiskType;
import io.strata.vhd.ParentResolver;
import io.strata.vhd.VhdChain;
import io.strata.vhd.VhdCorruptException;
import io.strata.vhd.VhdInfo;
import io.strata.vhd.VhdRejectedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/// A VHD chain that must open after a crash, and what it must hold.
///
/// @param leaf which container the leaf is
/// @param parents which container each possible parent is
/// @param hidden which containers must be hidden
/// @param sizes sizes that the disk may have, in bytes
/// @param model what its sectors may hold
/// @param created whether its creation was completed
/// @param acknowledged whether everything was flushed
record VhdExpectation(
    int leaf,
    Map<UUID, Integer> parents,
    Set<Integer> hidden,
    Set<Long> sizes,
    SectorModel model,
    boolean created,
    boolean acknowledged)
    implements Expectation {
  private static final int WHOLE_EVERY = 256;
  private static final int REOPENED_EVERY = 16;

  VhdExpectation {
    parents = Map.copyOf(parents);
    hidden = Set.copyOf(hidden);
    sizes = Set.copyOf(sizes);
  }

  @Override
  public void verify(SimulatedStorage storage) throws IOException {
    if (!created) {
      checkUnfinished(storage);
      return;
    }
    VhdChain chain = open(storage, true);
    check(chain);
    if (storage.sampled(WHOLE_EVERY)) {
      model.checkAll(chain);
    }
    checkStructure(storage, chain.sizeBytes());
    checkHidden(storage);
    SectorModel after = probe(chain, storage);
    chain.close();
    if (storage.sampled(REOPENED_EVERY)) {
      try (VhdChain reopened = open(storage, false)) {
        with(after, true).check(reopened);
      }
    }
  }

  /// This, of a disk some of whose sectors may hold anything.
  ///
  /// @param storage what is going to be verified
  VhdExpectation except(Set<Long> sectors, SimulatedStorage storage) throws IOException {
    SectorModel watching = model;
    for (long sector : sectors) {
      watching = watching.watching(sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES);
    }
    try (VhdChain chain = open(storage, false)) {
      Map<Long, byte[]> found = watching.observe(chain);
      found.keySet().retainAll(sectors);
      return with(watching.settled(found), acknowledged);
    }
  }

  private void checkStructure(SimulatedStorage storage, long diskBytes) throws IOException {
    Container container = storage.open(leaf, false);
    if (VhdInfo.read(container).type() == DiskType.FIXED) {
      FixedCheck.check(container, diskBytes);
    } else {
      BatCheck.check(container);
    }
  }

  /// What creation left is not used again, and may be refused, unless its footer says that it is
  /// complete.
  private void checkUnfinished(SimulatedStorage storage) throws IOException {
    try (VhdChain chain = open(storage, false)) {
      if (complete(storage)) {
        model.checkAll(chain);
      }
    } catch (VhdCorruptException | VhdRejectedException refused) {
      if (complete(storage)) {
        throw refused;
      }
    }
  }

  private boolean complete(SimulatedStorage storage) throws IOException {
    Container container = storage.open(leaf, false);
    ByteBuffer cookie = ByteBuffer.allocate(8);
    if (container.sizeBytes() >= SECTOR_BYTES) {
      container.read(0, cookie);
    }
    return cookie.getLong(0) == FooterWrites.COOKIE || FixedCheck.complete(container);
  }

  private void checkHidden(SimulatedStorage storage) throws IOException {
    for (int base : hidden) {
      if (!VhdInfo.read(storage.open(base, false)).hidden()) {
        throw new CrashViolation("container " + base + " is not hidden any more");
      }
    }
  }

  /// Writes something, and checks that it is there after a flush.
  private SectorModel probe(VhdChain chain, SimulatedStorage storage) throws IOException {
    byte[] bytes = new byte[SECTOR_BYTES + 100];
    bytes[0] = 'p';
    bytes[SECTOR_BYTES + 99] = 'q';
    long offset = chain.sizeBytes() - 3 * SECTOR_BYTES + 50;
    SectorModel probing = model;
    if (storage.sampled(REOPENED_EVERY)) {
      probing = model.settled(model.observe(chain)).writing(offset, bytes);
      storage.expect(with(probing, false));
    }
    chain.write(offset, ByteBuffer.wrap(bytes));
    chain.flush();
    SectorModel probed = probing.flushed();
    storage.expect(with(probed, true));
    byte[] read = new byte[bytes.length];
    chain.read(offset, ByteBuffer.wrap(read));
    if (!Arrays.equals(read, bytes)) {
      throw new CrashViolation("a write after the crash does not read back");
    }
    return probed;
  }

  private VhdExpectation with(SectorModel other, boolean flushed) {
    return new VhdExpectation(leaf, parents, hidden, sizes, other, true, flushed);
  }

  private VhdChain open(SimulatedStorage storage, boolean writable) throws IOException {
    return VhdChain.open(storage.open(leaf, writable), writable, resolver(storage));
  }

  private ParentResolver resolver(SimulatedStorage storage) {
    return (link, child) -> {
      Integer parent = parents.get(link.uuid());
      if (parent == null) {
        throw new VhdRejectedException(child + " needs " + link.uuid() + ", which is not here");
      }
      return storage.open(parent, false);
    };
  }

  /// Compares every sector that was ever written.
  private void check(VhdChain chain) throws IOException {
    if (!sizes.contains(chain.sizeBytes())) {
      throw new CrashViolation("size is " + chain.sizeBytes() + ", not one of " + sizes);
    }
    model.checkTouched(chain);
  }
}
