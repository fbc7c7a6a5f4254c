// SPDX-License-Identifier: Apache-2.0
package io.strata.crash.kill;

import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/// Attaches disks, with clients on them, and detaches them.
final class Attachments {
  private static final int CLIENTS = 3;

  private final Requests requests;
  private final SplittableRandom random;
  private final AtomicLong stamps;
  private final Barriers barriers;
  private final BooleanSupplier dying;

  /// @param stamps gives each write a stamp that no other has
  /// @param dying whether the daemon is being killed
  Attachments(
      Requests requests,
      SplittableRandom random,
      AtomicLong stamps,
      Barriers barriers,
      BooleanSupplier dying) {
    this.requests = requests;
    this.random = random;
    this.stamps = stamps;
    this.barriers = barriers;
    this.dying = dying;
  }

  /// Attaches a disk and sets its clients to work, unless that is refused.
  void attach(Verbs api, Disk disk) throws IOException {
    Optional<NbdUri> uri =
        requests.ask(
            found -> disk.attachmentUnknown(found.isAttached(disk.vdi())),
            () -> api.attach(disk.vdi(), "RW"));
    if (uri.isPresent()) {
      disk.servedAt(uri);
      disk.model().recovered(uri.get().readAll(disk.name()));
      startClients(disk);
    }
  }

  void startClients(Disk disk) {
    for (int i = 0; i < CLIENTS; i++) {
      NbdUri uri = disk.uri().orElseThrow();
      disk.clients()
          .add(new DiskClient(disk, uri, i, CLIENTS, random.split(), stamps, barriers, dying));
    }
  }

  /// Ends the clients of a disk that is attached, and detaches it.
  void detach(Verbs api, Disk disk) throws IOException, InterruptedException {
    if (disk.uri().isEmpty()) {
      return;
    }
    disk.stopClients();
    requests.ask(
        found -> disk.attachmentUnknown(found.isAttached(disk.vdi())),
        () -> Optional.of(api.detach(disk.vdi())));
    disk.servedAt(Optional.empty());
    disk.model().closed();
  }

  /// Detaches a disk that is attached, and attaches it in any case.
  void renew(Verbs api, Disk disk) throws IOException, InterruptedException {
    detach(api, disk);
    attach(api, disk);
  }

  /// The stamps of a VDI that is not attached; empty where it can't be for now.
  static Optional<long[]> read(Verbs api, VdiUuid vdi, String name) throws IOException {
    Optional<NbdUri> uri = api.attach(vdi, "RO");
    if (uri.isEmpty()) {
      return Optional.empty();
    }
    long[] stamps = uri.get().readAll(name);
    api.detach(vdi);
    return Optional.of(stamps);
  }
}
