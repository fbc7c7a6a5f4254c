// SPDX-License-Identifier: Apache-2.0
package io.strata.crash.kill;

import io.strata.spi.VdiUuid;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A writable VDI, what it must hold, and its clients.
final class Disk {
  private final VdiUuid vdi;
  private final String name;
  private final DiskModel model;
  private final List<DiskClient> clients = new ArrayList<>();
  private Optional<NbdUri> uri = Optional.empty();
  private boolean attachedPerhaps;
  private long sizeBytes;

  Disk(VdiUuid vdi, String name, long[] content, long sizeBytes) {
    this.vdi = vdi;
    this.name = name;
    this.model = new DiskModel(name, content);
    this.sizeBytes = sizeBytes;
  }

  VdiUuid vdi() {
    return vdi;
  }

  String name() {
    return name;
  }

  DiskModel model() {
    return model;
  }

  long sizeBytes() {
    return sizeBytes;
  }

  void resized(long bytes) {
    sizeBytes = bytes;
  }

  /// Where it is served; empty while it is not attached.
  Optional<NbdUri> uri() {
    return uri;
  }

  void servedAt(Optional<NbdUri> where) {
    uri = where;
    attachedPerhaps = false;
  }

  /// Its attach or its detach had no answer.
  ///
  /// @param attached what the next daemon says
  void attachmentUnknown(boolean attached) {
    if (attached) {
      attachedPerhaps = uri.isEmpty();
    } else {
      servedAt(Optional.empty());
      model.closed();
    }
  }

  /// Whether it is attached, and nobody was told where.
  boolean attachedPerhaps() {
    return attachedPerhaps;
  }

  List<DiskClient> clients() {
    return clients;
  }

  /// Ends its clients.
  void stopClients() throws InterruptedException {
    List<DiskClient> all = List.copyOf(clients);
    clients.clear();
    for (DiskClient client : all) {
      client.stop();
    }
  }
}
