// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

/// A repair that [VhdRepairer] knows. No other is made: data that is gone stays gone.
public enum Fix {
  /// Write the footer anew, in both of its places.
  FOOTERS("write the footer in force, corrected, wherever it is missing or differs"),
  /// Move the footer to the end, and let the disk keep its size.
  INTERRUPTED_GROWTH(
      "move the footer to the end; the disk keeps the size it had before the growth"),
  /// Give the header the name that the locators have.
  PARENT_NAME("give the header the parent's name that the locators agree on"),
  /// Give a locator's path the name that the header has.
  LOCATOR_NAME("put the header's name of the parent into the locator's path"),
  /// Clear BAT entries that no byte of the disk belongs to.
  ENTRIES_BEYOND_DISK("mark BAT entries beyond the disk's end as unallocated"),
  /// Say where the batmap is.
  BATMAP_HEADER("give the batmap's header the place where the map stands"),
  /// Make a bitmap say that its block is full.
  BITMAPS("mark the sectors of blocks as present that the batmap says are full"),
  /// Make the batmap say what the bitmaps say.
  BATMAP("make the batmap say what the bitmaps say"),
  /// Zero what stands in sectors that are not present.
  UNUSED_SECTORS("write zeroes to sectors that are marked as not present");

  private final String sentence;

  Fix(String sentence) {
    this.sentence = sentence;
  }

  /// What it does, for people.
  public String sentence() {
    return sentence;
  }
}
