// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.SrUuid;
import io.strata.spi.VdiUuid;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;

/// Storage that outlives the manager: what disks and arrays are to a real one.
final class MemoryStorage {
  static final int PAGE_BYTES = 4096;

  /// By location. Guarded by this, like everything below.
  final Map<String, Place> places = new HashMap<>();

  /// Where one SR may live.
  static final class Place {
    Optional<SrUuid> sr = Optional.empty();
    boolean reachable = true;
    boolean attached;
    byte[] metadata = new byte[0];

    /// Taken by a test that lets writes of the description hang.
    final Semaphore metadataGate = new Semaphore(1);

    long totalBytes = 1L << 40;
    int flushes;
    boolean flushesFail;
    final Map<VdiUuid, Node> nodes = new LinkedHashMap<>();
  }

  /// One volume.
  static final class Node {
    final VdiUuid uuid;
    long sizeBytes;
    boolean hidden;
    Optional<VdiUuid> parent = Optional.empty();
    final TreeMap<Long, byte[]> pages = new TreeMap<>();
    int writers;

    Node(VdiUuid uuid, long sizeBytes) {
      this.uuid = uuid;
      this.sizeBytes = sizeBytes;
    }
  }

  /// A place that is there.
  synchronized Place place(String location) {
    return java.util.Objects.requireNonNull(places.get(location));
  }

  /// An empty place.
  synchronized Place add(String location) {
    Place place = new Place();
    places.put(location, place);
    return place;
  }
}
