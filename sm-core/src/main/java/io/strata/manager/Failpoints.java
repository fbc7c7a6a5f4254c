// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// Named places between the steps of an operation, where a test may end the daemon's life.
@FunctionalInterface
public interface Failpoints {
  /// Never breaks in.
  Failpoints NONE = name -> {};

  /// Says that the step `name` is done.
  ///
  /// @param name `operation.step`: `vdi-snapshot.committed`
  void hit(String name);

  /// The name of every failpoint: those of the operations that record an intent, and those of the
  /// others.
  static Set<String> names() {
    Set<String> names = new LinkedHashSet<>();
    for (Operation operation : Operation.values()) {
      names.addAll(operation.failpoints());
    }
    names.addAll(
        List.of(
            "pbd-unplug.detached",
            "pbd-unplug.committed",
            "vdi-attach.recorded",
            "vdi-attach.served",
            "vdi-detach.withdrawn",
            "vdi-detach.committed",
            "vdi-data-destroy.recorded",
            "vdi-data-destroy.kept",
            "vdi-data-destroy.deleted"));
    return names;
  }

  /// These, but a name that is not among [#names] is a programmer's error: tests that go through
  /// all of them would never come by it.
  default Failpoints checked() {
    if (equals(NONE)) {
      return this;
    }
    Set<String> names = names();
    return name -> {
      if (!names.contains(name)) {
        throw new IllegalArgumentException("failpoint '" + name + "' is not in the list");
      }
      hit(name);
    };
  }
}
