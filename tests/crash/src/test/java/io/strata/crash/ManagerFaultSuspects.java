// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.sim.Fault;
import io.strata.block.sim.FaultHit;
import io.strata.manager.SrTree;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// Which VDIs a silent fault may have damaged: those whose chain has the container that was hit, of
/// them those that the story wrote to where only a read was hit, and what the story made of them.
final class ManagerFaultSuspects {
  private final ManagerFaultScene scene;
  private final ManagerFaultStory story;

  /// The containers of each VDI's chain before the story, by their locations.
  private final Map<VdiUuid, Set<String>> before;

  /// @param scene before the story
  ManagerFaultSuspects(ManagerFaultScene scene, ManagerFaultStory story) throws StorageException {
    this.scene = scene;
    this.story = story;
    this.before = chains();
  }

  private Map<VdiUuid, Set<String>> chains() throws StorageException {
    Map<VdiUuid, Set<String>> chains = new HashMap<>();
    for (var pbd : scene.manager().pbds()) {
      if (pbd.currentlyAttached()) {
        chains.putAll(chains(pbd.sr()));
      }
    }
    return chains;
  }

  private Map<VdiUuid, Set<String>> chains(SrUuid sr) throws StorageException {
    Map<VdiUuid, Set<String>> chains = new HashMap<>();
    // Parents come before their children.
    for (SrTree.Node node : scene.manager().tree(sr).nodes()) {
      Set<String> chain = new HashSet<>();
      scene.daemon().storages().locationOf(node.uuid()).ifPresent(chain::add);
      node.parent().ifPresent(parent -> chain.addAll(chains.getOrDefault(parent, Set.of())));
      chains.put(node.uuid(), chain);
    }
    return chains;
  }

  /// @param hit what failed, if anything
  Set<VdiUuid> of(FaultHit hit) throws StorageException {
    Map<VdiUuid, Set<String>> after = chains();
    Set<VdiUuid> made = new HashSet<>(after.keySet());
    made.removeAll(before.keySet());
    Set<VdiUuid> suspects = with(before, hit.what());
    boolean sourceHit = story.sources(scene).stream().anyMatch(suspects::contains);
    boolean known = !suspects.isEmpty();
    suspects.addAll(with(after, hit.what()));
    if (hit.fault() == Fault.BIT_FLIP) {
      suspects.removeIf(vdi -> !made.contains(vdi) && !story.rewritten(scene).contains(vdi));
    }
    if (sourceHit) {
      suspects.addAll(made);
    }
    if (sourceHit || !known) {
      suspects.addAll(story.rewritten(scene));
    }
    return suspects;
  }

  /// VDIs that were or are read through the container that was hit.
  Set<VdiUuid> readThrough(FaultHit hit) throws StorageException {
    Set<VdiUuid> found = with(before, hit.what());
    found.addAll(with(chains(), hit.what()));
    return found;
  }

  private static Set<VdiUuid> with(Map<VdiUuid, Set<String>> chains, String container) {
    Set<VdiUuid> found = new HashSet<>();
    chains.forEach((vdi, chain) -> {
      if (chain.contains(container)) {
        found.add(vdi);
      }
    });
    return found;
  }
}
