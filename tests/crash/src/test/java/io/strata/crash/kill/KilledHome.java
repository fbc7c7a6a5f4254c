// SPDX-License-Identifier: Apache-2.0
package io.strata.crash.kill;

import io.strata.toolstack.Json;
import java.io.IOException;
import java.util.Collection;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/// Chooses one verb after another on an SR whose daemon is killed, and looks at what is left.
///
/// For one thread. A verb whose answer never came is settled by what the next daemon shows.
final class KilledHome {
  private final KnownSr sr = new KnownSr();
  private final Requests requests = new Requests();
  private final AtomicLong stamps = new AtomicLong();
  private final SplittableRandom random;
  private final Attachments attachments;
  private final DiskVerbs diskVerbs;
  private final SnapshotVerbs snapshotVerbs;
  private final RecoveryCheck recoveryCheck;

  /// @param dying whether the daemon is being killed
  KilledHome(SplittableRandom random, Barriers barriers, BooleanSupplier dying) {
    this.random = random;
    attachments = new Attachments(requests, random, stamps, barriers, dying);
    diskVerbs = new DiskVerbs(sr, requests, attachments);
    snapshotVerbs = new SnapshotVerbs(sr, requests, attachments, diskVerbs);
    recoveryCheck = new RecoveryCheck(sr, attachments, random);
  }

  /// What must be there.
  KnownSr sr() {
    return sr;
  }

  /// What was asked.
  Requests requests() {
    return requests;
  }

  /// Does a verb, and waits for its answer.
  void verb(Verbs api) throws IOException, InterruptedException {
    int choice = random.nextInt(100);
    boolean snapshots = !sr.snapshots().isEmpty();
    if (diskVerbs.tooFew()) {
      diskVerbs.create(api, name("disk"));
    } else if (choice < 32) {
      snapshotVerbs.take(api, someOf(sr.disks()), name("snapshot"));
    } else if (choice < 50 && snapshots) {
      snapshotVerbs.destroy(api, someOf(sr.snapshots()));
    } else if (choice < 60 && snapshots) {
      snapshotVerbs.makeClone(api, someOf(sr.snapshots()), name("clone"));
    } else if (choice < 66 && snapshots) {
      snapshotVerbs.copy(api, someOf(sr.snapshots()), name("copy"));
    } else if (choice < 72) {
      diskVerbs.resize(api, someOf(sr.disks()));
    } else if (choice < 82) {
      attachments.renew(api, someOf(sr.disks()));
    } else if (choice < 88) {
      diskVerbs.destroy(api, someOf(sr.disks()));
    } else if (choice < 92 && snapshots) {
      snapshotVerbs.revert(api, someOf(sr.snapshots()));
    } else if (choice < 96) {
      diskVerbs.create(api, name("disk"));
    } else {
      Json.Members params = Json.object().with("uuid", sr.uuid()).build();
      requests.ask(Requests.Outcome.NOTHING, () -> api.tryCall("sr.gc", params));
    }
  }

  private String name(String kind) {
    return kind + "-" + stamps.incrementAndGet();
  }

  private <T> T someOf(Collection<T> all) {
    return all.stream().skip(random.nextInt(all.size())).findFirst().orElseThrow();
  }

  /// After a restart: everything must be there, and hold what it must. Then clients go on.
  void recovered(Verbs api) throws IOException {
    FoundVdis found = api.vdis();
    requests.settle(found);
    recoveryCheck.check(api, found);
  }

  /// The daemon is gone, and clients with it.
  void stopClients() throws InterruptedException {
    for (Disk disk : sr.disks()) {
      disk.stopClients();
    }
  }
}
