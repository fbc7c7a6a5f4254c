// SPDX-License-Identifier: Apache-2.0
package io.strata.crash.kill;

import io.strata.spi.VdiUuid;
import io.strata.toolstack.Json;
import java.io.IOException;

/// Verbs on disks.
final class DiskVerbs {
  static final int MOST_DISKS = 4;

  private static final int LEAST_DISKS = 2;
  private static final long MIB = 1L << 20;
  private static final long SIZE_BYTES = 24 * MIB;
  private static final long GROWTH_BYTES = 2 * MIB;
  private static final long MOST_BYTES = (long) DiskModel.MOST_SECTORS * Stamps.SECTOR_BYTES;

  private final KnownSr sr;
  private final Requests requests;
  private final Attachments attachments;

  DiskVerbs(KnownSr sr, Requests requests, Attachments attachments) {
    this.sr = sr;
    this.requests = requests;
    this.attachments = attachments;
  }

  /// Whether there are so few that another one must be made first.
  boolean tooFew() {
    return sr.disks().size() < LEAST_DISKS;
  }

  void create(Verbs api, String name) throws IOException {
    if (sr.disks().size() >= MOST_DISKS) {
      return;
    }
    Disk disk = new Disk(VdiUuid.random(), name, new long[0], SIZE_BYTES);
    Json.Members params =
        Json.object()
            .with("sr-uuid", sr.uuid())
            .with("name-label", disk.name())
            .with("virtual-size", SIZE_BYTES)
            .with("new-uuid", disk.vdi().toString())
            .build();
    make(api, disk, "vdi.create", params);
  }

  /// Asks for a new disk, and attaches it.
  void make(Verbs api, Disk disk, String method, Json.Members params) throws IOException {
    Requests.Outcome noAnswer =
        found -> {
          if (found.has(disk.vdi())) {
            sr.add(disk);
          }
        };
    if (requests.ask(noAnswer, () -> api.tryCall(method, params)).isPresent()) {
      sr.add(disk);
      attachments.attach(api, disk);
    }
  }

  void resize(Verbs api, Disk disk) throws IOException {
    long larger = disk.sizeBytes() + GROWTH_BYTES;
    if (larger > MOST_BYTES) {
      return;
    }
    Json.Members params = Verbs.on(disk.vdi()).with("disk-size", larger).build();
    if (requests
        .ask(
            found -> disk.resized(found.sizeBytes(disk.vdi())),
            () -> api.tryCall("vdi.resize", params))
        .isPresent()) {
      disk.resized(larger);
    }
  }

  void destroy(Verbs api, Disk disk) throws IOException, InterruptedException {
    if (sr.disks().size() <= LEAST_DISKS) {
      return;
    }
    attachments.detach(api, disk);
    Requests.Outcome noAnswer =
        found -> {
          if (!found.has(disk.vdi())) {
            sr.remove(disk);
          }
        };
    Json.Members params = Verbs.on(disk.vdi()).build();
    if (requests.ask(noAnswer, () -> api.tryCall("vdi.destroy", params)).isPresent()) {
      sr.remove(disk);
    }
  }
}
