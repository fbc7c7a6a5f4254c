// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.ErrorCode;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// Which VDIs a long transfer works on. A transfer holds no lock while bytes flow: whoever needs
/// the VDI meanwhile is told so at once instead of waiting.
final class Claims {
  /// Guarded by this.
  private final List<Claim> claims = new ArrayList<>();

  /// A transfer's hold on a VDI, until it is closed.
  final class Claim implements AutoCloseable {
    private final SrUuid sr;
    private final VdiUuid vdi;
    private final boolean writing;
    private final String operation;

    private Claim(SrUuid sr, VdiUuid vdi, boolean writing, String operation) {
      this.sr = sr;
      this.vdi = vdi;
      this.writing = writing;
      this.operation = operation;
    }

    /// What it is for.
    String operation() {
      return operation;
    }

    @Override
    public void close() {
      synchronized (Claims.this) {
        claims.remove(this);
      }
    }
  }

  /// Claims a VDI for reading, together with other readers.
  synchronized Claim reading(SrUuid sr, VdiUuid vdi, String operation) throws StorageException {
    assertNotWritten(vdi);
    return add(new Claim(sr, vdi, false, operation));
  }

  /// Claims a VDI for writing, alone.
  synchronized Claim writing(SrUuid sr, VdiUuid vdi, String operation) throws StorageException {
    assertFree(vdi);
    return add(new Claim(sr, vdi, true, operation));
  }

  /// A claim on nothing, where one is wanted only sometimes.
  Claim none(SrUuid sr, VdiUuid vdi, String operation) {
    return new Claim(sr, vdi, false, operation);
  }

  private Claim add(Claim claim) {
    claims.add(claim);
    return claim;
  }

  /// @throws StorageException [ErrorCode#VDI_IN_USE] while any transfer works on it
  synchronized void assertFree(VdiUuid vdi) throws StorageException {
    for (Claim claim : claims) {
      if (claim.vdi.equals(vdi)) {
        throw inUse(claim);
      }
    }
  }

  /// @throws StorageException [ErrorCode#VDI_IN_USE] while a transfer writes to it
  synchronized void assertNotWritten(VdiUuid vdi) throws StorageException {
    for (Claim claim : claims) {
      if (claim.vdi.equals(vdi) && claim.writing) {
        throw inUse(claim);
      }
    }
  }

  /// @throws StorageException [ErrorCode#VDI_IN_USE] while a transfer works on the SR
  synchronized void assertNone(SrUuid sr) throws StorageException {
    for (Claim claim : claims) {
      if (claim.sr.equals(sr)) {
        throw inUse(claim);
      }
    }
  }

  /// Every VDI that a transfer works on.
  synchronized Set<VdiUuid> claimed() {
    return claims.stream().map(claim -> claim.vdi).collect(Collectors.toUnmodifiableSet());
  }

  private static StorageException inUse(Claim claim) {
    return new StorageException(
        ErrorCode.VDI_IN_USE,
        "A " + claim.operation + " of VDI " + claim.vdi + " is running.",
        "Wait until it has ended.");
  }
}
