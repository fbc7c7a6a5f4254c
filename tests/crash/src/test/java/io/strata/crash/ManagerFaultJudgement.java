// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.catalog.VdiRecord;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.VolumeFinding;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What must hold once the daemon was started anew on sound storage: nothing is half done, every SR
/// is plugged, and every VDI holds what the story allows, or is one that a silent fault may have
/// damaged.
final class ManagerFaultJudgement {
  private final ManagerFaultScene scene;
  private final ManagerFaultStory story;
  private final boolean succeeded;
  private final Set<VdiUuid> suspects;
  private final boolean checked;

  /// Suspects that the checker found something in.
  private final Set<VdiUuid> found = new HashSet<>();

  private int noticed;
  private int silentlyWrong;

  /// @param succeeded whether the story said that it did
  /// @param suspects what a silent fault may have damaged
  /// @param checked whether it hit what has a checksum or was read back, so that it must be noticed
  ManagerFaultJudgement(
      ManagerFaultScene scene,
      ManagerFaultStory story,
      boolean succeeded,
      Set<VdiUuid> suspects,
      boolean checked) {
    this.scene = scene;
    this.story = story;
    this.succeeded = succeeded;
    this.suspects = suspects;
    this.checked = checked;
  }

  /// Suspects that can't be read, or in which the checker finds something.
  int noticed() {
    return noticed;
  }

  /// Suspects with other bytes than they must have, and nobody can tell.
  int silentlyWrong() {
    return silentlyWrong;
  }

  void pass() throws IOException, StorageException {
    assertThat(scene.manager().intents()).as("intents").isEmpty();
    for (var pbd : scene.manager().pbds()) {
      assertThat(pbd.lastError()).isEmpty();
      if (pbd.currentlyAttached()) {
        scanAndCheck(pbd.sr());
      }
    }
    for (var attachment : scene.manager().attachments()) {
      if (!suspects.contains(attachment.vdi())) {
        assertThat(attachment.lastError()).isEmpty();
      }
    }
    Map<VdiUuid, VdiRecord> known = new LinkedHashMap<>();
    for (VdiRecord vdi : scene.manager().vdis()) {
      known.put(vdi.uuid(), vdi);
    }
    for (VdiUuid vdi : scene.contents().keySet()) {
      judgeOld(vdi, Optional.ofNullable(known.remove(vdi)));
    }
    if (!suspects.isEmpty()) {
      // The one write that says that a node is only a base of others may be what was lost: it shows
      // as a disk then, which nobody can write to.
      scene.manager().vdis().forEach(vdi -> vdi.parent().ifPresent(known::remove));
    }
    judgeMade(known.values().stream().filter(VdiRecord::managed).map(VdiRecord::uuid).toList());
    scene.makeAndDestroyADisk();
  }

  private void scanAndCheck(SrUuid sr) throws StorageException {
    var scanned = scene.manager().srScan(sr);
    assertThat(scanned.added()).as("unknown volumes").isEmpty();
    assertThat(scanned.missing()).as("missing volumes").isEmpty();
    for (VolumeFinding finding :
        scene.manager().srCheck(sr, true, (done, total) -> {}).findings()) {
      if (suspects.contains(finding.volume())) {
        found.add(finding.volume());
      } else {
        // A write of a footer that failed leaves the other copy in force: a warning.
        assertThat(finding.severity())
            .as(finding.sentence())
            .isNotEqualTo(VolumeFinding.Severity.ERROR);
      }
    }
  }

  private void judgeOld(VdiUuid vdi, Optional<VdiRecord> record)
      throws IOException, StorageException {
    boolean goes = story.gone(scene).contains(vdi);
    boolean there = record.isPresent() && !record.get().metadataOnly();
    if (goes && !there) {
      return;
    }
    assertThat(there).as("VDI %s is there", vdi).isTrue();
    assertThat(goes && succeeded).as("VDI %s is there still", vdi).isFalse();
    ManagerFaultContent before = scene.content(vdi);
    judge(vdi, before, story.changed(scene).getOrDefault(vdi, before));
  }

  /// @param made VDIs that were not there before the story
  private void judgeMade(List<VdiUuid> made) throws IOException, StorageException {
    Optional<ManagerFaultContent> content = story.made(scene);
    if (content.isEmpty() || !succeeded) {
      assertThat(made).as("new VDIs").hasSizeLessThanOrEqualTo(content.isPresent() ? 1 : 0);
    } else {
      assertThat(made).as("new VDIs").hasSize(1);
    }
    for (VdiUuid vdi : made) {
      judge(vdi, content.orElseThrow(), content.orElseThrow());
    }
  }

  /// @param before what it held before the story
  /// @param after what it holds if the story was carried out
  private void judge(VdiUuid vdi, ManagerFaultContent before, ManagerFaultContent after)
      throws IOException, StorageException {
    byte[] bytes;
    try {
      bytes = scene.read(vdi);
    } catch (IOException | StorageException refused) {
      if (!suspects.contains(vdi)) {
        throw refused;
      }
      noticed++;
      return;
    }
    boolean right = isRight(bytes, before.bytes(), after.bytes());
    if (!suspects.contains(vdi)) {
      assertThat(right).as("VDI %s holds what it must", vdi).isTrue();
    } else if (found.contains(vdi)) {
      noticed++;
    } else if (!right) {
      assertThat(checked).as("VDI %s is wrong, and could have been noticed", vdi).isFalse();
      silentlyWrong++;
    }
  }

  private boolean isRight(byte[] bytes, byte[] before, byte[] after) {
    if (Arrays.equals(bytes, after)) {
      return true;
    }
    return !succeeded
        && (Arrays.equals(bytes, before) || (story.overwrites() && isMixed(bytes, before, after)));
  }

  /// Each sector is as before or as after, or holds one of the values in between.
  private boolean isMixed(byte[] bytes, byte[] before, byte[] after) {
    if (bytes.length != before.length || bytes.length != after.length) {
      return false;
    }
    for (int at = 0; at < bytes.length; at += SectorModel.SECTOR_BYTES) {
      int end = at + SectorModel.SECTOR_BYTES;
      if (!Arrays.equals(bytes, at, end, before, at, end)
          && !Arrays.equals(bytes, at, end, after, at, end)
          && (Arrays.equals(before, at, end, after, at, end) || !isBetween(bytes, at, end))) {
        return false;
      }
    }
    return true;
  }

  private boolean isBetween(byte[] bytes, int start, int end) {
    for (int at = start + 1; at < end; at++) {
      if (bytes[at] != bytes[start]) {
        return false;
      }
    }
    return story.between().contains((int) bytes[start]);
  }
}
