// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import io.strata.block.sim.MemoryContainer;
import io.strata.vhd.ParentResolver;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// A corpus of damaged images, made by code from valid ones; the same at each run.
final class BadImages {
  /// Where nothing of an image can be.
  static final long[] WRONG_OFFSETS = {
    0,
    1,
    256,
    511,
    513,
    1025,
    -1,
    -512,
    Long.MIN_VALUE,
    Long.MAX_VALUE,
    1L << 40,
    0x7FFFFFFFFFFFFE00L
  };

  private final MemoryContainer dynamic = Images.dynamic();
  private final MemoryContainer fixed = Images.fixed();
  private final MemoryContainer child = Images.child(dynamic, Images.CHILD, "child.vhd");
  private final MemoryContainer sibling = Images.child(dynamic, Images.SIBLING, "sibling.vhd");
  private final List<BadImage> all = new ArrayList<>();

  private BadImages() throws IOException {}

  /// Damage done to a copy of a valid image.
  interface Damage {
    void to(MemoryContainer image) throws IOException;
  }

  static List<BadImage> all() throws IOException {
    BadImages images = new BadImages();
    new BadChecksums(images).addAll();
    new BadFooters(images).addAll();
    new BadHeaders(images).addAll();
    new BadTables(images).addAll();
    new BadBatmaps(images).addAll();
    new BadLocators(images).addAll();
    new BadLengths(images).addAll();
    new BadFixedImages(images).addAll();
    new BadGrowth(images).addAll();
    new BadChains(images).addAll();
    return images.all;
  }

  MemoryContainer dynamic() {
    return dynamic;
  }

  MemoryContainer fixed() {
    return fixed;
  }

  MemoryContainer child() {
    return child;
  }

  /// Another child of the same parent.
  MemoryContainer sibling() {
    return sibling;
  }

  /// How many there are so far.
  int size() {
    return all.size();
  }

  void add(String name, BadImage.Outcome outcome, MemoryContainer from, Damage damage)
      throws IOException {
    add(name, outcome, from, Images.among(dynamic, child), true, damage);
  }

  void add(
      String name,
      BadImage.Outcome outcome,
      MemoryContainer from,
      ParentResolver parents,
      boolean contentKept,
      Damage damage)
      throws IOException {
    MemoryContainer image = Images.copy(from);
    damage.to(image);
    all.add(new BadImage(name, outcome, image, parents, contentKept));
  }
}
