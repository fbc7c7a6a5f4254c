// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.sim.MemoryContainer;
import io.strata.vhd.ParentResolver;
import io.strata.vhd.VhdChain;
import io.strata.vhd.VhdCreator;
import io.strata.vhd.VhdEditor;
import io.strata.vhd.VhdInfo;
import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Checks of whole chains: base, middle, leaf.
final class ChainCheckTest {
  private MemoryContainer base = MemoryContainer.create("none");
  private MemoryContainer middle = base;
  private MemoryContainer leaf = base;
  private final Map<UUID, MemoryContainer> images = new HashMap<>();

  @BeforeEach
  void makeChain() throws IOException {
    base = Images.dynamic();
    VhdEditor.setHidden(base, true);
    middle = Images.child(base, Images.CHILD, "middle.vhd");
    VhdEditor.setHidden(middle, true);
    leaf = MemoryContainer.create("leaf.vhd");
    VhdCreator.differencing(leaf, Images.THIRD, middle, "middle.vhd");
    images.putAll(Map.of(Images.BASE, base, Images.CHILD, middle, Images.THIRD, leaf));
    try (VhdChain chain = VhdChain.open(leaf.reopen(true), true, parents())) {
      chain.write(Images.MIB, Images.filled(3 * Images.MIB, 7));
    }
  }

  /// As the images of a folder, by their footers.
  private ParentResolver parents() {
    return (link, child) -> images.getOrDefault(link.uuid(), base).reopen(false);
  }

  private CheckReport check() throws IOException {
    return VhdChecker.check(leaf, CheckOptions.standard().withParents(parents()));
  }

  private static List<String> found(CheckReport report) {
    return report.findings().stream()
        .map(finding -> finding.where().image() + " " + finding.name())
        .toList();
  }

  @Test
  void chainsOfThisEngineHaveNoFindings() throws IOException {
    CheckOptions options = CheckOptions.standard().withBitmaps().withParents(parents());
    assertThat(VhdChecker.check(leaf, options).findings()).isEmpty();
    VhdEditor.resize(leaf, 5L << 30);
    assertThat(VhdChecker.check(leaf, options).findings()).isEmpty();
    VhdEditor.relink(leaf, VhdInfo.read(base), "base.vhd");
    VhdEditor.relink(leaf, VhdInfo.read(middle), "middle.vhd");
    VhdEditor.relink(leaf, VhdInfo.read(middle), "middle.vhd");
    CheckReport report = VhdChecker.check(leaf, options);
    assertThat(report.findings()).isEmpty();
    assertThat(report.depth()).isEqualTo(3);
    VhdEditor.unlink(leaf);
    assertThat(VhdChecker.check(leaf, options).findings()).isEmpty();
  }

  @Test
  void chainUponAFixedImageHasNoFindings() throws IOException {
    MemoryContainer fixed = Images.fixed();
    MemoryContainer child = MemoryContainer.create("child.vhd");
    VhdCreator.differencing(child, Images.SIBLING, fixed, "fixed.vhd");
    images.put(Images.BASE, fixed);
    CheckOptions options = CheckOptions.standard().withBitmaps().withParents(parents());
    assertThat(VhdChecker.check(child, options).findings()).isEmpty();
  }

  @Test
  void damageOfEachParentIsNamedWithItsOwnPlace() throws IOException {
    Images.claimFull(base, 1);
    Images.putInt(base, Images.entryAt(base, 4), Images.entry(base, 0));
    long locator = 512 + VhdLayout.HEADER_LOCATORS_AT + VhdLayout.LOCATOR_BYTES;
    Images.putInt(middle, locator + VhdLayout.LOCATOR_RESERVED_AT, 1);
    Images.sealHeader(middle);
    CheckReport report = check();
    assertThat(found(report))
        .containsExactly(
            "middle.vhd locator-reserved",
            "base.vhd entries-overlap",
            "base.vhd batmap-claims-partial-block");
    assertThat(report.findings().getFirst().where().offsetBytes()).isEqualTo(locator);
    assertThat(report.depth()).isEqualTo(3);
    assertThat(report.uuid()).contains(Images.THIRD);
    CheckOptions link = CheckOptions.standard().withParent(parents());
    assertThat(VhdChecker.check(leaf, link).findings()).isEmpty();
  }

  @Test
  void dataOfParentsIsLookedAtOnlyWhenAskedFor() throws IOException {
    Images.putByte(base, 512L * (Images.entry(base, 3) + 1 + 500), 1);
    assertThat(check().findings()).isEmpty();
    CheckOptions options = CheckOptions.standard().withBitmaps().withParents(parents());
    assertThat(found(VhdChecker.check(leaf, options)))
        .containsExactly("base.vhd unused-sectors-not-zero");
  }

  @Test
  void parentThatCannotBeOpenedIsDescribedOnce() throws IOException {
    Images.flip(middle, 600);
    assertThat(found(check())).containsExactly("middle.vhd header-invalid");
    CheckOptions link = CheckOptions.standard().withParent(parents());
    assertThat(found(VhdChecker.check(leaf, link))).containsExactly("leaf.vhd parent-corrupt");
    Images.write(middle, 0, ByteBuffer.allocate(512));
    Images.write(middle, Images.endFooterAt(middle), ByteBuffer.allocate(512));
    assertThat(found(check())).containsExactly("leaf.vhd parent-corrupt");
  }

  @Test
  void imagesOfALoopAreCheckedOnce() throws IOException {
    MemoryContainer looped = Images.child(leaf(), Images.BASE, "base.vhd");
    Images.putInt(looped, 512 + VhdLayout.HEADER_LOCATORS_AT + VhdLayout.LOCATOR_RESERVED_AT, 1);
    Images.sealHeader(looped);
    images.put(Images.BASE, looped);
    assertThat(found(check()))
        .containsOnlyOnce("base.vhd locator-reserved", "base.vhd chain-loops");
  }

  private MemoryContainer leaf() throws IOException {
    MemoryContainer parent = MemoryContainer.create("leaf.vhd");
    VhdCreator.dynamic(parent, Images.THIRD, Images.DISK_BYTES);
    return parent;
  }

  @Test
  void repairOfALeafLeavesItsParentsAlone() throws IOException {
    Images.claimFull(base, 1);
    CheckReport before = check();
    assertThat(before.findings())
        .singleElement()
        .matches(finding -> before.fix(finding).isPresent());
    assertThat(before.repairable()).isFalse();
    assertThat(before.repairableParents()).containsExactly("base.vhd");
    RepairPlan nothing = VhdRepairer.plan(leaf, before);
    assertThat(nothing.steps()).isEmpty();
    assertThat(nothing.unfixable()).isEqualTo(before.findings());
    Images.claimFull(leaf, 3);
    CheckReport both = check();
    assertThat(both.repairable()).isTrue();
    RepairPlan plan = VhdRepairer.plan(leaf, both);
    assertThat(plan.unfixable()).extracting(f -> f.where().image()).containsExactly("base.vhd");
    AnnouncedRepair.apply(leaf, plan);
    assertThat(found(check())).containsExactly("base.vhd batmap-claims-partial-block");
  }

  @Test
  void repairOfAParentIsAnnouncedOnlyWhereItIsMade() throws IOException {
    Images.claimFull(base, 100);
    assertThat(check().repairableParents()).containsExactly("base.vhd");
    Images.putInt(base, Images.entryAt(base, 2), Images.entry(base, 0) + 8);
    CheckReport report = check();
    assertThat(report.findings()).anyMatch(finding -> finding.remedy().isPresent());
    assertThat(report.mended()).isEmpty();
    assertThat(report.repairableParents()).isEmpty();
  }

  /// What lies elsewhere than its header says in a parent is no reason to leave the leaf as it is.
  @Test
  void strayPartsOfAParentDoNotKeepALeafFromRepair() throws IOException {
    Images.flip(base, Images.batmapAt(base));
    Images.putByte(leaf, 512L * (Images.entry(leaf, 0) + 1), 1);
    CheckOptions options = CheckOptions.standard().withBitmaps().withParents(parents());
    RepairPlan plan = VhdRepairer.plan(leaf, VhdChecker.check(leaf, options));
    assertThat(plan.steps()).hasSize(1);
    assertThat(plan.unfixable()).extracting(Finding::name).containsExactly("batmap-missing");
  }
}
