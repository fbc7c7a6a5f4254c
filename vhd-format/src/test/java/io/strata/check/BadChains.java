// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static io.strata.check.BadImage.Outcome.CORRUPT;
import static io.strata.check.BadImage.Outcome.REFUSED;
import static io.strata.check.BadImage.Outcome.WARNED;

import io.strata.block.sim.MemoryContainer;
import io.strata.vhd.ParentResolver;
import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.util.UUID;

/// Parents that are missing, others, or below themselves.
final class BadChains {
  private final BadImages corpus;

  BadChains(BadImages corpus) {
    this.corpus = corpus;
  }

  void addAll() throws IOException {
    damagedParents();
    chain("parent that is missing", corpus.child(), Images.among());
    chain("parent of nobody", corpus.child(), ParentResolver.none());
    chain("parent with another UUID", corpus.child(), (link, at) -> corpus.sibling().reopen(false));
    MemoryContainer self = Images.copy(corpus.child());
    parentOf(self, Images.CHILD);
    chain("image that is its own parent", self, (link, at) -> self.reopen(false));
    MemoryContainer two = Images.copy(corpus.child());
    MemoryContainer twoBack = Images.copy(corpus.sibling());
    parentOf(two, Images.SIBLING);
    parentOf(twoBack, Images.CHILD);
    chain("cycle of two", two, Images.among(two, twoBack));
    MemoryContainer third = Images.child(corpus.dynamic(), Images.THIRD, "third.vhd");
    MemoryContainer three = Images.copy(corpus.child());
    MemoryContainer threeBack = Images.copy(corpus.sibling());
    parentOf(three, Images.THIRD);
    parentOf(third, Images.SIBLING);
    parentOf(threeBack, Images.CHILD);
    chain("cycle of three", three, Images.among(three, third, threeBack));
    MemoryContainer larger = Images.copy(corpus.dynamic());
    for (long footer : new long[] {0, Images.endFooterAt(larger)}) {
      Images.putLong(larger, footer + VhdLayout.FOOTER_CURRENT_SIZE_AT, 10L << 20);
      Images.sealFooter(larger, footer);
    }
    chain("parent that is larger", corpus.child(), Images.among(larger));
    MemoryContainer changed = Images.copy(corpus.dynamic());
    for (long footer : new long[] {0, Images.endFooterAt(changed)}) {
      int timestamp = Images.read(changed, VhdLayout.FOOTER_TIMESTAMP_AT, 4).getInt();
      Images.putInt(
          changed, footer + VhdLayout.FOOTER_TIMESTAMP_AT, footer == 0 ? timestamp + 1 : timestamp);
      Images.sealFooter(changed, footer);
    }
    chain("parent that was changed", corpus.child(), Images.among(changed));
    MemoryContainer raw = Images.copy(corpus.child());
    Images.putLong(raw, 512 + VhdLayout.HEADER_PARENT_UUID_AT, 0);
    Images.putLong(raw, 512 + VhdLayout.HEADER_PARENT_UUID_AT + 8, 0);
    Images.sealHeader(raw);
    chain("parent that is a raw disk", raw, Images.among(corpus.dynamic()));
    corpus.add(
        "parent that is corrupt",
        CORRUPT,
        corpus.child(),
        (link, at) -> Images.copy(corpus.dynamic(), 4096),
        true,
        image -> {});
    corpus.add(
        "parent that is empty",
        CORRUPT,
        corpus.child(),
        (link, at) -> MemoryContainer.create("empty"),
        true,
        image -> {});
  }

  private void damagedParents() throws IOException {
    MemoryContainer wrongTable = Images.copy(corpus.dynamic());
    Images.putInt(wrongTable, Images.entryAt(wrongTable, 2), 3);
    parent("parent with a wrong BAT", CORRUPT, wrongTable);
    MemoryContainer wrongHeader = Images.copy(corpus.dynamic());
    Images.flip(wrongHeader, 600);
    parent("parent with a wrong header", CORRUPT, wrongHeader);
    MemoryContainer wrongBatmap = Images.copy(corpus.dynamic());
    Images.claimFull(wrongBatmap, 100);
    parent("parent with a wrong batmap", WARNED, wrongBatmap);
    MemoryContainer wrongFooter = Images.copy(corpus.dynamic());
    Images.flip(wrongFooter, Images.endFooterAt(wrongFooter));
    parent("parent with a wrong footer", WARNED, wrongFooter);
    MemoryContainer unused = Images.copy(corpus.dynamic());
    Images.putByte(unused, 512L * (Images.entry(unused, 3) + 1 + 500), 9);
    parent("parent with data in a sector that is not present", WARNED, unused);
  }

  private void parent(String name, BadImage.Outcome outcome, MemoryContainer parent)
      throws IOException {
    corpus.add(
        name, outcome, corpus.child(), (link, at) -> parent.reopen(false), true, image -> {});
  }

  private void chain(String name, MemoryContainer image, ParentResolver parents)
      throws IOException {
    corpus.add(name, REFUSED, image, parents, true, copy -> {});
  }

  private static void parentOf(MemoryContainer image, UUID parent) throws IOException {
    Images.putLong(image, 512 + VhdLayout.HEADER_PARENT_UUID_AT, parent.getMostSignificantBits());
    Images.putLong(
        image, 512 + VhdLayout.HEADER_PARENT_UUID_AT + 8, parent.getLeastSignificantBits());
    Images.putInt(image, 512 + VhdLayout.HEADER_PARENT_TIMESTAMP_AT, -1);
    Images.sealHeader(image);
  }
}
