// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.toolstack.Json;

/// The `error` of an answer.
///
/// @param code one of the field's numbers, or one of JSON-RPC's own, which are negative
/// @param category whose fault it is: USER, TRANSIENT, BACKEND, CORRUPT or INTERNAL
/// @param what what happened
/// @param remedy what to do
public record Failure(
    long code, String name, String category, String what, String remedy, boolean retryable) {
  static final int PARSE_ERROR = -32700;
  static final int INVALID_REQUEST = -32600;
  static final int METHOD_NOT_FOUND = -32601;

  public static Failure of(StorageException e) {
    ErrorCode code = e.code();
    return new Failure(
        code.number(),
        code.fieldName(),
        code.category().name(),
        e.what(),
        e.remedy(),
        code.retryable());
  }

  static Failure parseError(String what) {
    return new Failure(
        PARSE_ERROR,
        "ParseError",
        "USER",
        "The line is no JSON document: " + what + ".",
        "Send one JSON object on each line.",
        false);
  }

  static Failure invalidRequest(String what) {
    return new Failure(
        INVALID_REQUEST,
        "InvalidRequest",
        "USER",
        what,
        "Send {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"api.version\",\"params\":{}}.",
        false);
  }

  static Failure methodNotFound(String method) {
    return new Failure(
        METHOD_NOT_FOUND,
        "MethodNotFound",
        "USER",
        "There is no method '" + method + "'.",
        "Look it up in docs/api.md.",
        false);
  }

  static Failure internal(String incident) {
    return new Failure(
        ErrorCode.GENERIC_EXCEPTION.number(),
        ErrorCode.GENERIC_EXCEPTION.fieldName(),
        ErrorCode.Category.INTERNAL.name(),
        "Strata met a defect of its own.",
        "Look for incident " + incident + " in the daemon's log, and report it.",
        false);
  }

  /// Reads the `error` member of an answer.
  static Failure parse(Json.Members error) {
    Json.Members data = error.members("data");
    return new Failure(
        error.whole("code"),
        data.text("name"),
        data.text("category"),
        data.text("what"),
        data.text("remedy"),
        "true".equals(data.text("retryable")));
  }

  /// The `error` member.
  public Json.Members toJson() {
    return Json.object()
        .with("code", code)
        .with("message", what)
        .with(
            "data",
            Json.object()
                .with("name", name)
                .with("category", category)
                .with("what", what)
                .with("remedy", remedy)
                .with("retryable", retryable)
                .build())
        .build();
  }
}
