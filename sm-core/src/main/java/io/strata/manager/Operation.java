// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import java.util.ArrayList;
import java.util.List;

/// The operations of several steps: each records an intent first.
enum Operation {
  SR_CREATE("sr-create", End.RESULT, "created", "attached"),
  SR_DESTROY("sr-destroy", End.RESULT, "detached", "destroyed"),
  PBD_PLUG("pbd-plug", End.RESULT, "attached"),
  VDI_CREATE("vdi-create", End.RESULT, "created"),
  VDI_CLONE("vdi-clone", End.RESULT, "cloned"),
  VDI_SNAPSHOT("vdi-snapshot", End.RESULT, "prepared", "taken", "resumed"),
  VDI_REVERT("vdi-revert", End.RESULT, "reverted"),
  VDI_RESIZE("vdi-resize", End.RESULT, "resized"),
  VDI_DESTROY("vdi-destroy", End.RESULT, "deleted"),
  VDI_IMPORT("vdi-import", End.RESULT, "created", "copied"),
  VDI_OVERWRITE("vdi-overwrite", End.RESULT, "copied"),
  VDI_COPY("vdi-copy", End.RESULT, "created", "copied"),
  VDI_COALESCE("vdi-coalesce", End.NOTHING, "block", "copied", "finished"),
  VDI_FREEZE("vdi-freeze", End.NOTHING, "prepared", "frozen"),
  VDI_ABSORB("vdi-absorb", End.RESULT, "copied", "named");

  /// What an operation leaves in the catalog at its end.
  private enum End {
    RESULT,
    NOTHING
  }

  private final String verb;
  private final End end;

  @SuppressWarnings("ImmutableEnumChecker") // what List.of makes never changes
  private final List<String> steps;

  /// @param steps between the record of the intent and its end
  Operation(String verb, End end, String... steps) {
    this.verb = verb;
    this.end = end;
    this.steps = List.of(steps);
  }

  /// Names of the failpoints that it passes, in this order.
  List<String> failpoints() {
    List<String> names = new ArrayList<>(List.of(verb + ".recorded"));
    steps.forEach(step -> names.add(verb + "." + step));
    if (end == End.RESULT) {
      names.add(verb + ".committed");
      names.add(verb + ".described");
    }
    return names;
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
