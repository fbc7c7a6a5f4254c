// SPDX-License-Identifier: Apache-2.0
package io.strata.crash.kill;

import io.strata.spi.VdiUuid;
import io.strata.toolstack.Json;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/// Every disk and snapshot that a daemon lists.
record FoundVdis(Map<String, Json.Members> byUuid) {
  private Json.Members of(VdiUuid vdi) {
    return byUuid.getOrDefault(vdi.toString(), Json.Members.NONE);
  }

  boolean has(VdiUuid vdi) {
    return byUuid.containsKey(vdi.toString());
  }

  boolean isAttached(VdiUuid vdi) {
    return of(vdi).text("attached").equals("true");
  }

  long sizeBytes(VdiUuid vdi) {
    return of(vdi).whole("virtual-size");
  }

  Optional<VdiUuid> named(String nameLabel) {
    return byUuid.entrySet().stream()
        .filter(vdi -> vdi.getValue().text("name-label").equals(nameLabel))
        .map(vdi -> new VdiUuid(UUID.fromString(vdi.getKey())))
        .findFirst();
  }

  void checkWhole() {
    for (Json.Members vdi : byUuid.values()) {
      if (vdi.text("missing").equals("true") || !vdi.text("problem").isEmpty()) {
        throw new Violation("not whole: " + vdi);
      }
    }
  }
}
