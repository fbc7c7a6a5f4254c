// SPDX-License-Identifier: Apache-2.0
package io.strata.crash.kill;

import io.strata.toolstack.Json;
import java.io.IOException;
import java.util.List;
import java.util.SplittableRandom;

/// What a daemon must show after its predecessor's death: everything is there, and holds what it
/// must.
final class RecoveryCheck {
  /// Of the snapshots whose content is known, one in so many is read.
  private static final int SAMPLED = 6;

  private final KnownSr sr;
  private final Attachments attachments;
  private final SplittableRandom random;

  RecoveryCheck(KnownSr sr, Attachments attachments, SplittableRandom random) {
    this.sr = sr;
    this.attachments = attachments;
    this.random = random;
  }

  /// Checks everything, then sets clients to work again.
  void check(Verbs api, FoundVdis found) throws IOException {
    sr.check(found);
    Json.Members report = api.call("sr.check", Json.object().with("uuid", sr.uuid()).build());
    if (report.whole("errors") != 0) {
      throw new Violation("sr-check: " + report);
    }
    for (Snapshot snapshot : List.copyOf(sr.snapshots())) {
      check(api, found, snapshot);
    }
    for (Disk disk : sr.disks()) {
      check(api, found, disk);
    }
  }

  private void check(Verbs api, FoundVdis found, Snapshot snapshot) throws IOException {
    // The death came while it was being read.
    boolean attached = found.isAttached(snapshot.vdi());
    if (attached) {
      api.detach(snapshot.vdi());
    }
    if (attached || !snapshot.frozen().settled() || random.nextInt(SAMPLED) == 0) {
      snapshot.look(api);
    }
  }

  private void check(Verbs api, FoundVdis found, Disk disk) throws IOException {
    if (disk.attachedPerhaps()) {
      // Its attach or its detach had no answer: asked again, it has one.
      disk.servedAt(api.attach(disk.vdi(), "RW"));
    } else if (disk.uri().isPresent() != found.isAttached(disk.vdi())) {
      throw new Violation(disk.name() + ": attached must be " + disk.uri() + ": " + found);
    }
    if (disk.uri().isPresent()) {
      checkServed(disk);
      attachments.startClients(disk);
    } else if (disk.model().perhapsReverted()) {
      disk.model().recovered(Attachments.read(api, disk.vdi(), disk.name()).orElseThrow());
    }
  }

  private static void checkServed(Disk disk) throws IOException {
    long[] stamps = disk.uri().orElseThrow().readAll(disk.name());
    if (stamps.length != disk.sizeBytes() / Stamps.SECTOR_BYTES) {
      throw new Violation(
          "%s: %d sectors instead of %d bytes"
              .formatted(disk.name(), stamps.length, disk.sizeBytes()));
    }
    disk.model().recovered(stamps);
  }
}
