// SPDX-License-Identifier: Apache-2.0
package io.strata.crash.kill;

import io.strata.spi.VdiUuid;
import io.strata.toolstack.Json;
import io.strata.toolstack.rpc.ApiClient;
import io.strata.toolstack.rpc.ApiException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// Calls of a daemon's API. Each throws an `IOException` where the daemon dies before it answers.
final class Verbs implements AutoCloseable {
  /// What a collection or a copy in the background may refuse for a while.
  private static final Set<String> BUSY = Set.of("SRInUse", "VDIInUse");

  private final ApiClient api;

  Verbs(ApiClient api) {
    this.api = api;
  }

  /// @return empty where the daemon refused since something else is going on
  Optional<Json.Members> tryCall(String method, Json.Members params) throws IOException {
    try {
      Json answer = api.call(method, params);
      return Optional.of(answer instanceof Json.Members members ? members : Json.Members.NONE);
    } catch (ApiException refused) {
      boolean busy =
          refused.failure().category().equals("TRANSIENT")
              || BUSY.contains(refused.failure().name());
      if (busy) {
        return Optional.empty();
      }
      throw new Violation(
          method + " fails: " + refused.failure().name() + ": " + refused.getMessage());
    }
  }

  Json.Members call(String method, Json.Members params) throws IOException {
    return tryCall(method, params).orElseThrow(() -> new Violation(method + " was refused"));
  }

  private List<Json> list(String method, Json.Members where) throws IOException {
    try {
      Json answer =
          api.call(
              method,
              Json.object()
                  .with("params", Json.texts(List.of("all")))
                  .with("where", where)
                  .build());
      return answer instanceof Json.Items items ? items.values() : List.of();
    } catch (ApiException refused) {
      throw new Violation(method + " fails: " + refused.getMessage());
    }
  }

  String createSr(Path folder) throws IOException {
    Json.Members params =
        Json.object()
            .with("type", "file")
            .with("name-label", "killed")
            .with("device-config", Json.texts(Map.of("location", folder.toString())))
            .build();
    return call("sr.create", params).text("uuid");
  }

  /// Every disk and snapshot.
  FoundVdis vdis() throws IOException {
    Map<String, Json.Members> vdis = new TreeMap<>();
    for (Json row : list("vdi.list", Json.object().with("managed", "true").build())) {
      if (row instanceof Json.Members vdi) {
        vdis.put(vdi.text("uuid"), vdi);
      }
    }
    return new FoundVdis(vdis);
  }

  /// Operations that are going on or were left over.
  List<Json> tasks() throws IOException {
    return list("task.list", Json.Members.NONE);
  }

  /// Attaches a disk; does nothing where it is attached so.
  Optional<NbdUri> attach(VdiUuid vdi, String mode) throws IOException {
    return tryCall(
            "vdi.attach", Json.object().with("uuid", vdi.toString()).with("mode", mode).build())
        .map(answer -> NbdUri.parse(answer.text("uri")));
  }

  Json.Members detach(VdiUuid vdi) throws IOException {
    return call("vdi.detach", on(vdi).build());
  }

  static Json.Builder on(VdiUuid vdi) {
    return Json.object().with("uuid", vdi.toString());
  }

  @Override
  public void close() throws IOException {
    api.close();
  }
}
