// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static io.strata.crash.SectorModel.SECTOR_BYTES;

import io.strata.vhd.ParentResolver;
import io.strata.vhd.VhdChain;
import io.strata.vhd.VhdCorruptException;
import io.strata.vhd.VhdRejectedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;

/// A VHD chain that must open after a crash, and what it must hold.
///
/// @param leaf which container the leaf is
/// @param parents which container each possible parent is
/// @param sizes sizes that the disk may have, in bytes
/// @param model what its sectors may hold
/// @param created whether its creation was completed
/// @param acknowledged whether everything was flushed
record VhdExpectation(
    int leaf,
    Map<UUID, Integer> parents,
    Set<Long> sizes,
    SectorModel model,
    boolean created,
    boolean acknowledged)
    implements Expectation {
  private static final int CHUNK_BYTES = 64 * 1024;

  VhdExpectation {
    parents = Map.copyOf(parents);
    sizes = Set.copyOf(sizes);
  }

  @Override
  public void verify(CrashedStorage storage) throws IOException {
    if (!created) {
      openUnfinished(storage);
      return;
    }
    VhdChain chain = open(storage, true);
    Map<Long, byte[]> observed = check(chain, storage.sampled());
    BatCheck.check(storage.open(leaf, false));
    SectorModel after = probe(chain, storage, observed);
    chain.close();
    VhdExpectation again = new VhdExpectation(leaf, parents, sizes, after, true, true);
    try (VhdChain reopened = again.open(storage, false)) {
      again.check(reopened, storage.sampled());
    }
  }

  /// What creation left may be refused, and is not used again.
  private void openUnfinished(CrashedStorage storage) throws IOException {
    VhdChain chain;
    try {
      chain = open(storage, false);
    } catch (VhdCorruptException | VhdRejectedException refused) {
      return;
    }
    chain.close();
  }

  /// Writes something, and checks that it is there after a flush.
  private SectorModel probe(VhdChain chain, CrashedStorage storage, Map<Long, byte[]> observed)
      throws IOException {
    long sector = chain.sizeBytes() / SECTOR_BYTES - 3;
    byte[] bytes = new byte[SECTOR_BYTES + 100];
    bytes[0] = 'p';
    bytes[SECTOR_BYTES + 99] = 'q';
    long offset = sector * SECTOR_BYTES + 50;
    SectorModel probing = model.settled(observed).writing(offset, bytes);
    storage.expect(new VhdExpectation(leaf, parents, sizes, probing, true, false));
    chain.write(offset, ByteBuffer.wrap(bytes));
    chain.flush();
    SectorModel probed = probing.flushed();
    storage.expect(new VhdExpectation(leaf, parents, sizes, probed, true, true));
    return probed;
  }

  private VhdChain open(CrashedStorage storage, boolean writable) throws IOException {
    return VhdChain.open(storage.open(leaf, writable), writable, resolver(storage));
  }

  private ParentResolver resolver(CrashedStorage storage) {
    return (link, child) -> {
      Integer parent = parents.get(link.uuid());
      if (parent == null) {
        throw new VhdRejectedException(child + " needs " + link.uuid() + ", which is not here");
      }
      return storage.open(parent, false);
    };
  }

  /// Compares every sector that was ever written, and all of them where `whole` says so.
  private Map<Long, byte[]> check(VhdChain chain, boolean whole) throws IOException {
    if (!sizes.contains(chain.sizeBytes())) {
      throw new CrashViolation("size is " + chain.sizeBytes() + ", not one of " + sizes);
    }
    if (whole) {
      checkWhole(chain);
    }
    Map<Long, byte[]> observed = new TreeMap<>();
    long sectors = chain.sizeBytes() / SECTOR_BYTES;
    for (long sector : model.touched()) {
      if (sector < sectors) {
        byte[] bytes = new byte[SECTOR_BYTES];
        chain.read(sector * SECTOR_BYTES, ByteBuffer.wrap(bytes));
        model.check(sector, bytes, 0);
        observed.put(sector, bytes);
      }
    }
    return observed;
  }

  private void checkWhole(VhdChain chain) throws IOException {
    byte[] bytes = new byte[CHUNK_BYTES];
    for (long at = 0; at < chain.sizeBytes(); at += CHUNK_BYTES) {
      int length = (int) Math.min(CHUNK_BYTES, chain.sizeBytes() - at);
      chain.read(at, ByteBuffer.wrap(bytes, 0, length));
      for (int i = 0; i < length; i += SECTOR_BYTES) {
        model.check((at + i) / SECTOR_BYTES, bytes, i);
      }
    }
  }
}
