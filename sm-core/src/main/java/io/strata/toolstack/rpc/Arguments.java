// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import io.strata.spi.ErrorCode;
import io.strata.spi.Messages;
import io.strata.spi.StorageException;
import io.strata.toolstack.Json;
import io.strata.toolstack.Nearest;
import io.strata.toolstack.Operation;
import io.strata.toolstack.Parameter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The parameters of one call, checked against the operation's table: none is missing, unknown or
/// of another type.
public final class Arguments {
  private final Json.Members values;

  private Arguments(Json.Members values) {
    this.values = values;
  }

  /// Checks the parameters of a call.
  ///
  /// @throws StorageException [ErrorCode#INVALID_ARG] that names the parameter
  static Arguments check(Operation operation, Json.Members values) throws StorageException {
    for (Map.Entry<String, Json> value : values.values().entrySet()) {
      Optional<Parameter> parameter = operation.parameter(value.getKey());
      if (parameter.isEmpty()) {
        throw unknown(operation, value.getKey());
      }
      checkType(parameter.get(), value.getValue());
    }
    for (Parameter parameter : operation.parameters()) {
      if (parameter.required() && values.get(parameter.name()).isEmpty()) {
        throw new StorageException(
            ErrorCode.INVALID_ARG,
            "Required parameter not found: " + parameter.name() + ".",
            "Give " + parameter.usage() + ": " + parameter.description() + ".");
      }
    }
    return new Arguments(values);
  }

  private static StorageException unknown(Operation operation, String name) {
    List<String> known = operation.parameters().stream().map(Parameter::name).toList();
    return new StorageException(
        ErrorCode.INVALID_ARG,
        operation.verb() + " has no parameter '" + Messages.printable(name) + "'.",
        Nearest.suggestion(name, known));
  }

  private static void checkType(Parameter parameter, Json value) throws StorageException {
    boolean fits =
        value == Json.Nothing.NULL
            || switch (parameter.type()) {
              case TEXT, UUID, FILE -> value instanceof Json.Text;
              case SIZE -> value instanceof Json.Whole size && size.value() >= 0;
              case FLAG -> value instanceof Json.Truth;
              case TEXTS ->
                  value instanceof Json.Items items
                      && items.values().stream().allMatch(Json.Text.class::isInstance);
              case MAP ->
                  value instanceof Json.Members members
                      && members.values().values().stream().allMatch(Json.Text.class::isInstance);
            };
    if (!fits) {
      throw new StorageException(
          ErrorCode.INVALID_ARG,
          "The parameter '" + parameter.name() + "' has the wrong type.",
          "Give " + parameter.type() + " as docs/api.md shows it.");
    }
  }

  /// A text that must be there.
  public String text(String name) {
    return values.text(name);
  }

  /// A text; absent also where it is empty.
  public Optional<String> optional(String name) {
    return Optional.of(values.text(name)).filter(text -> !text.isEmpty());
  }

  /// A size in bytes; 0 where it is absent.
  public long size(String name) {
    return values.whole(name);
  }

  /// A flag; false where it is absent.
  public boolean flag(String name) {
    return values.get(name).orElse(Json.Nothing.NULL) instanceof Json.Truth truth && truth.value();
  }

  /// Texts; none where it is absent.
  public List<String> texts(String name) {
    List<String> texts = new ArrayList<>();
    values.items(name).forEach(item -> texts.add(item.plain()));
    return texts;
  }

  /// Texts by key; none where it is absent.
  public Map<String, String> map(String name) {
    Map<String, String> texts = new LinkedHashMap<>();
    values.members(name).values().forEach((key, value) -> texts.put(key, value.plain()));
    return texts;
  }
}
