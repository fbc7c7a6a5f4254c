// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A JSON value of the API. Numbers are whole; object members keep their order.
public sealed interface Json {

  /// A JSON object.
  record Members(Map<String, Json> values) implements Json {
    /// An object without members.
    public static final Members NONE = new Members(Map.of());

    public Members {
      values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    }

    /// The member, where it is there and is not null.
    public Optional<Json> get(String name) {
      return Optional.ofNullable(values.get(name)).filter(value -> value != Nothing.NULL);
    }

    /// The member as text; empty where it is absent or null.
    public String text(String name) {
      return get(name).map(Json::plain).orElse("");
    }

    /// The member as a whole number; 0 where it is absent or no number.
    public long whole(String name) {
      return get(name).orElse(Nothing.NULL) instanceof Whole number ? number.value() : 0;
    }

    /// The member's items; none where it is absent or no array.
    public List<Json> items(String name) {
      return get(name).orElse(Nothing.NULL) instanceof Items items ? items.values() : List.of();
    }

    /// The member as an object; an empty one where it is absent or no object.
    public Members members(String name) {
      return get(name).orElse(Nothing.NULL) instanceof Members members ? members : NONE;
    }
  }

  /// A JSON array.
  record Items(List<Json> values) implements Json {
    public Items {
      values = List.copyOf(values);
    }
  }

  /// A JSON string.
  record Text(String value) implements Json {}

  /// A JSON number without a fraction.
  record Whole(long value) implements Json {}

  /// `true` or `false`.
  record Truth(boolean value) implements Json {}

  /// `null`.
  enum Nothing implements Json {
    NULL
  }

  /// A scalar as it would be typed; arrays and objects as JSON.
  default String plain() {
    return switch (this) {
      case Text text -> text.value();
      case Whole number -> Long.toString(number.value());
      case Truth truth -> Boolean.toString(truth.value());
      case Nothing nothing -> "";
      case Items items -> JsonText.write(items);
      case Members members -> JsonText.write(members);
    };
  }

  static Json of(String value) {
    return new Text(value);
  }

  static Json of(long value) {
    return new Whole(value);
  }

  static Json of(boolean value) {
    return new Truth(value);
  }

  /// The text of a value, or null.
  static Json of(Optional<?> value) {
    return value.<Json>map(present -> new Text(present.toString())).orElse(Nothing.NULL);
  }

  /// An array of texts.
  static Json texts(Iterable<?> values) {
    List<Json> items = new ArrayList<>();
    values.forEach(value -> items.add(new Text(value.toString())));
    return new Items(items);
  }

  /// An object of texts.
  static Json texts(Map<String, String> values) {
    Map<String, Json> members = new LinkedHashMap<>();
    values.forEach((key, value) -> members.put(key, new Text(value)));
    return new Members(members);
  }

  /// Begins an object.
  static Builder object() {
    return new Builder();
  }

  /// Builds an object, member after member.
  final class Builder {
    private final Map<String, Json> members = new LinkedHashMap<>();

    private Builder() {}

    public Builder with(String name, Json value) {
      members.put(name, value);
      return this;
    }

    public Builder with(String name, String value) {
      return with(name, of(value));
    }

    public Builder with(String name, long value) {
      return with(name, of(value));
    }

    public Builder with(String name, boolean value) {
      return with(name, of(value));
    }

    public Members build() {
      return new Members(members);
    }
  }
}
