// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import io.strata.spi.StorageException;
import io.strata.toolstack.Json;
import io.strata.toolstack.Operation;
import io.strata.toolstack.Operations;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// The methods that a server answers, each bound to its row of the table of operations.
public final class ApiMethods {
  private final Map<String, Bound> methods = new HashMap<>();

  /// None yet.
  public ApiMethods() {}

  /// Binds a method of the table.
  ///
  /// @throws IllegalArgumentException for a method that is not in the table, or is bound already
  public ApiMethods add(String method, ApiMethod answers) {
    Operation operation =
        Operations.all().stream()
            .filter(row -> row.method().equals(method))
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException(method));
    if (methods.putIfAbsent(method, new Bound(operation, answers)) != null) {
      throw new IllegalArgumentException(method);
    }
    return this;
  }

  /// Names of the methods that are bound.
  public Set<String> names() {
    return new TreeSet<>(methods.keySet());
  }

  Optional<Bound> find(String method) {
    return Optional.ofNullable(methods.get(method));
  }

  record Bound(Operation operation, ApiMethod method) {
    Json answer(Json.Members params, Call call) throws StorageException {
      return method.answer(Arguments.check(operation, params), call);
    }
  }
}
