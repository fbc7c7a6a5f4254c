// SPDX-License-Identifier: Apache-2.0
package io.strata.crash.kill;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// What a snapshot holds: its disk as of one instant while clients wrote, or as of a known one.
///
/// Of each client it has the first writes and none of the later ones. Trims are looser: a sector
/// that was trimmed meanwhile may hold anything that was written to it. Guarded by its disk's model
/// until the snapshot is made.
final class FrozenDisk {
  private final String name;
  private final long sizeBytes;
  private final long[] before;
  private final Map<Integer, List<Change>> byWriter = new HashMap<>();
  private boolean settled;

  /// @param before what the disk held when the snapshot was asked for; taken over
  FrozenDisk(String name, long sizeBytes, long[] before) {
    this.name = name;
    this.sizeBytes = sizeBytes;
    this.before = before;
  }

  /// A client began a change before the snapshot was done.
  void seen(Change change) {
    byWriter.computeIfAbsent(change.writer(), w -> new ArrayList<>()).add(change);
  }

  String name() {
    return name;
  }

  long sizeBytes() {
    return sizeBytes;
  }

  /// Whether it is known exactly.
  boolean settled() {
    return settled;
  }

  /// What a clone of it begins with.
  long[] content() {
    return before.clone();
  }

  /// Takes what is found for what the snapshot holds from then on.
  private void settle(long[] found) {
    System.arraycopy(found, 0, before, 0, found.length);
    byWriter.clear();
    settled = true;
  }

  /// Checks what is found, which the snapshot holds from then on.
  void check(long[] found) {
    Set<Integer> touched = new HashSet<>();
    for (List<Change> changes : byWriter.values()) {
      touched.addAll(checkCut(changes, found));
    }
    for (int sector = 0; sector < found.length; sector++) {
      if (!touched.contains(sector) && found[sector] != before[sector]) {
        throw lost(sector, found[sector]);
      }
    }
    settle(found);
  }

  /// @return the sectors that the client touched
  private Set<Integer> checkCut(List<Change> changes, long[] found) {
    Map<Integer, Set<Long>> written = new HashMap<>();
    Set<Integer> trimmed = new HashSet<>();
    for (Change change : changes) {
      for (int s = change.firstSector(); s < change.endSector(); s++) {
        written.computeIfAbsent(s, n -> new HashSet<>()).add(change.stamp());
        if (change.trim()) {
          trimmed.add(s);
        }
      }
    }
    written.forEach((sector, stamps) -> {
      if (found[sector] != before[sector] && !stamps.contains(found[sector])) {
        throw lost(sector, found[sector]);
      }
    });
    Set<Integer> exact = new HashSet<>(written.keySet());
    exact.removeAll(trimmed);
    if (!isCut(changes, exact, found)) {
      throw new Violation(
          name
              + ": holds a later write of a client and not an earlier one: "
              + told(changes, exact, found));
    }
    return written.keySet();
  }

  /// Takes the changes in, one after another, until what is found is there. The one that was under
  /// way may be there in part: the server takes long payloads as they arrive.
  private boolean isCut(List<Change> changes, Set<Integer> exact, long[] found) {
    Set<Integer> differing = new HashSet<>();
    for (int sector : exact) {
      if (found[sector] != before[sector]) {
        differing.add(sector);
      }
    }
    for (Change change : changes) {
      if (differing.stream().allMatch(s -> change.covers(s) && found[s] == change.stamp())) {
        return true;
      }
      for (int s = change.firstSector(); s < change.endSector(); s++) {
        if (!exact.contains(s)) {
          continue;
        }
        if (found[s] == change.stamp()) {
          differing.remove(s);
        } else {
          differing.add(s);
        }
      }
    }
    return differing.isEmpty();
  }

  /// The cut that comes nearest, and what differs from it.
  private String told(List<Change> changes, Set<Integer> exact, long[] found) {
    Map<Integer, Long> cut = new TreeMap<>();
    String best = "";
    int least = Integer.MAX_VALUE;
    for (int i = 0; i <= changes.size(); i++) {
      Map<Integer, Long> differing = new TreeMap<>();
      for (int sector : exact) {
        long expected = cut.getOrDefault(sector, before[sector]);
        if (found[sector] != expected) {
          differing.put(sector, expected);
        }
      }
      if (differing.size() < least) {
        least = differing.size();
        StringBuilder text = new StringBuilder("after " + i + " of " + changes.size() + ":");
        differing.forEach((sector, stamp) ->
            text.append(" %d is %d not %d,".formatted(sector, found[sector], stamp)));
        best = text + " next is " + (i < changes.size() ? changes.get(i) : "none");
      }
      if (i < changes.size()) {
        Change change = changes.get(i);
        for (int s = change.firstSector(); s < change.endSector(); s++) {
          cut.put(s, change.stamp());
        }
      }
    }
    return best;
  }

  private Violation lost(int sector, long found) {
    return new Violation(
        "%s: sector %d holds stamp %d instead of %d"
            .formatted(name, sector, found, before[sector]));
  }
}
