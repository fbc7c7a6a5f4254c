// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;

/// The operations of several steps: each records an intent first.
enum Operation {
  SR_CREATE("sr-create"),
  SR_DESTROY("sr-destroy"),
  PBD_PLUG("pbd-plug"),
  VDI_CREATE("vdi-create"),
  VDI_CLONE("vdi-clone"),
  VDI_SNAPSHOT("vdi-snapshot"),
  VDI_REVERT("vdi-revert"),
  VDI_RESIZE("vdi-resize"),
  VDI_DESTROY("vdi-destroy"),
  VDI_IMPORT("vdi-import"),
  VDI_OVERWRITE("vdi-overwrite"),
  VDI_COPY("vdi-copy"),
  VDI_COALESCE("vdi-coalesce"),
  VDI_FREEZE("vdi-freeze");

  private final String verb;

  Operation(String verb) {
    this.verb = verb;
  }

  String verb() {
    return verb;
  }

  static Operation parse(String verb) throws StorageException {
    for (Operation operation : values()) {
      if (operation.verb.equals(verb)) {
        return operation;
      }
    }
    throw new StorageException(
        ErrorCode.METADATA_ERROR,
        "The catalog holds an intent of operation '" + verb + "', which this Strata doesn't know.",
        "Start the newer Strata that wrote it.");
  }
}
