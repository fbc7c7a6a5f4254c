// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.ErrorCode;
import io.strata.spi.PbdUuid;
import io.strata.spi.Repository;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The SRs that are reachable on this host now.
final class PluggedSrs {
  private final Map<SrUuid, Plugged> bySr = new ConcurrentHashMap<>();

  /// A PBD at work.
  record Plugged(PbdUuid pbd, Repository repository) {}

  void add(SrUuid sr, PbdUuid pbd, Repository repository) {
    bySr.put(sr, new Plugged(pbd, repository));
  }

  Optional<Plugged> find(SrUuid sr) {
    return Optional.ofNullable(bySr.get(sr));
  }

  Optional<Plugged> remove(SrUuid sr) {
    return Optional.ofNullable(bySr.remove(sr));
  }

  Set<SrUuid> all() {
    return Set.copyOf(bySr.keySet());
  }

  /// @throws StorageException [ErrorCode#SR_UNAVAILABLE]
  Repository require(SrUuid sr) throws StorageException {
    return find(sr)
        .orElseThrow(() ->
            new StorageException(
                ErrorCode.SR_UNAVAILABLE,
                "SR " + sr + " is not plugged on this host.",
                "Plug its PBD: see pbd-list sr-uuid=" + sr + ", then pbd-plug."))
        .repository();
  }
}
