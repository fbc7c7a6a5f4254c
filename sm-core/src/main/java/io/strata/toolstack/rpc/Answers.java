// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import io.strata.toolstack.Json;

/// Shapes of answers that several methods share.
final class Answers {
  private Answers() {}

  static Json uuid(Object identity) {
    return Json.object().with("uuid", identity.toString()).build();
  }
}
