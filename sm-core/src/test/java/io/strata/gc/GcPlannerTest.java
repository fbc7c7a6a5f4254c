// SPDX-License-Identifier: Apache-2.0
package io.strata.gc;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.gc.GcPlanner.LostDisk;
import io.strata.spi.VdiUuid;
import io.strata.spi.VhdTree.MergeSpec;
import io.strata.spi.Volume;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GcPlannerTest {
  private final List<Volume> nodes = new ArrayList<>();

  @Test
  void hiddenNodeWithoutChildrenIsRemoved() {
    node(1, true, 0, 100);
    node(2, false, 0, 100);
    assertThat(plan(Set.of()))
        .containsExactly(new GcAction.Remove(vdi(1), 100, "nothing needs it"));
  }

  @Test
  void runOfHiddenNodesIsMergedIntoTheLargest() {
    node(1, true, 0, 10);
    node(2, true, 1, 1000);
    node(3, true, 2, 10);
    node(4, false, 3, 10);
    assertThat(plan(Set.of()))
        .containsExactly(
            new GcAction.MergeRun(
                merge(false, 2, 4, 3, 2, 1), 30, "3 hidden nodes serve only " + vdi(4)));
  }

  @Test
  void siblingsDoNotKeepARunFromBeingMerged() {
    node(1, true, 0, 10);
    node(2, false, 1, 10);
    node(3, true, 1, 10);
    node(4, false, 3, 5);
    assertThat(plan(Set.of()))
        .containsExactlyInAnyOrder(
            new GcAction.Keep(vdi(1), "shared by 2 disks"),
            new GcAction.MergeRun(merge(false, 3, 4, 3), 5, "1 hidden node serves only " + vdi(4)));
  }

  @Test
  void runEndsAtANodeThatIsShared() {
    node(1, true, 0, 10);
    node(2, true, 1, 20);
    node(3, false, 2, 10);
    node(4, false, 2, 10);
    assertThat(plan(Set.of()))
        .containsExactlyInAnyOrder(
            new GcAction.Keep(vdi(2), "shared by 2 disks"),
            new GcAction.MergeRun(merge(true, 2, 2, 1), 10, "1 hidden node serves only " + vdi(2)));
  }

  @Test
  void runningDiskIsALeafToMerge() {
    node(1, true, 0, 10);
    node(2, false, 1, 20);
    assertThat(plan(Set.of(vdi(2))))
        .containsExactly(
            new GcAction.MergeLeaf(
                vdi(2), List.of(vdi(1)), 10, "1 hidden node serves only " + vdi(2)));
  }

  @Test
  void nothingIsTouchedWhileAVhdCannotBeRead() {
    node(1, true, 0, 10);
    node(2, true, 0, 10);
    node(3, false, 2, 10);
    nodes.add(
        new Volume(
            vdi(9), Volume.Kind.VHD, 0, 10, false, Optional.empty(), "", Optional.of("corrupt")));
    assertThat(plan(Set.of())).hasSize(2).allMatch(GcAction.Keep.class::isInstance);
  }

  /// From the disks down: each is removed after what depends on it.
  @Test
  void nodesThatOnlyOrphansDependOnAreRemovedAfterThem() {
    node(1, true, 0, 10);
    node(2, true, 1, 20);
    node(3, true, 2, 30);
    node(4, true, 1, 40);
    assertThat(plan(Set.of()))
        .containsExactly(
            new GcAction.Remove(vdi(3), 30, "nothing needs it"),
            new GcAction.Remove(vdi(2), 20, "nothing needs it"),
            new GcAction.Remove(vdi(4), 40, "nothing needs it"),
            new GcAction.Remove(vdi(1), 10, "nothing needs it"));
  }

  @Test
  void orphanDoesNotShareWhatItDependsOn() {
    node(1, true, 0, 10);
    node(2, true, 1, 10);
    node(3, false, 1, 5);
    assertThat(plan(Set.of()))
        .containsExactly(
            new GcAction.Remove(vdi(2), 10, "nothing needs it"),
            new GcAction.MergeRun(merge(false, 1, 3, 1), 5, "1 hidden node serves only " + vdi(3)));
  }

  @Test
  void whatALostDiskDependsOnStaysAndTheRestIsCollected() {
    node(1, true, 0, 10);
    node(2, true, 1, 10);
    node(3, false, 2, 10);
    node(4, true, 0, 10);
    node(5, false, 4, 5);
    node(6, true, 0, 10);
    String reason =
        "VDI " + vdi(9) + " is not found, and depends on it; vdi-forget it if it is lost";
    assertThat(GcPlanner.plan(nodes, Set.of(), List.of(lost(2))))
        .containsExactly(
            new GcAction.Remove(vdi(6), 10, "nothing needs it"),
            new GcAction.Keep(vdi(1), reason),
            new GcAction.Keep(vdi(2), reason),
            new GcAction.MergeRun(merge(false, 4, 5, 4), 5, "1 hidden node serves only " + vdi(5)));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 8})
  void nothingIsTouchedWhileADiskIsLostOfWhichNobodyKnowsWhereItWas(int parent) {
    node(1, true, 0, 10);
    node(2, true, 0, 10);
    node(3, false, 2, 10);
    assertThat(GcPlanner.plan(nodes, Set.of(), List.of(lost(parent))))
        .hasSize(2)
        .allSatisfy(action ->
            assertThat(action.reason()).contains(vdi(9) + " is not found, and may depend on it"));
  }

  private static LostDisk lost(int parent) {
    return new LostDisk(vdi(9), parent == 0 ? Optional.empty() : Optional.of(vdi(parent)));
  }

  private List<GcAction> plan(Set<VdiUuid> running) {
    return GcPlanner.plan(nodes, running);
  }

  private void node(int number, boolean hidden, int parent, long physicalBytes) {
    nodes.add(
        new Volume(
            vdi(number),
            Volume.Kind.VHD,
            1 << 30,
            physicalBytes,
            hidden,
            parent == 0 ? Optional.empty() : Optional.of(vdi(parent)),
            version(number),
            Optional.empty()));
  }

  private static MergeSpec merge(boolean survivorHidden, int target, int... run) {
    return new MergeSpec(
        IntStream.of(run).mapToObj(GcPlannerTest::vdi).toList(),
        vdi(target),
        survivorHidden,
        IntStream.of(run).mapToObj(GcPlannerTest::version).toList());
  }

  private static String version(int number) {
    return "version " + number;
  }

  private static VdiUuid vdi(int number) {
    return new VdiUuid(new UUID(0, number));
  }
}
