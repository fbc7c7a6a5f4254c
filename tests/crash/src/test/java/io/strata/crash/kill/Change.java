// SPDX-License-Identifier: Apache-2.0
package io.strata.crash.kill;

/// A write, a zeroing or a trim of adjoining sectors, by one client.
///
/// @param writer the client; it does one after another, and no other touches its sectors
/// @param stamp what the sectors hold then
/// @param trim whether the sectors may as well stay as they were
record Change(int writer, int firstSector, int sectors, long stamp, boolean trim) {
  int endSector() {
    return firstSector + sectors;
  }

  boolean covers(int sector) {
    return firstSector <= sector && sector < endSector();
  }
}
