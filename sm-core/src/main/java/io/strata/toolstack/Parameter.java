// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack;

/// One parameter of an operation, the same on the command line and in the API.
///
/// @param name as typed: `name-label`; a [Type#MAP] is typed `name:key=value`
/// @param required whether the operation is refused without it
/// @param description for the help
public record Parameter(String name, Type type, boolean required, String description) {

  /// What a value may be. In the API each is a JSON string unless it says otherwise.
  public enum Type {
    /// Any text.
    TEXT("TEXT"),
    /// A UUID of 36 characters.
    UUID("UUID"),
    /// Bytes: a JSON number; on the command line also with a unit.
    SIZE("SIZE"),
    /// `true` or `false`, a JSON boolean.
    FLAG("true|false"),
    /// A file; the command line makes it absolute.
    FILE("FILE"),
    /// Texts: a JSON array; separated by commas on the command line.
    TEXTS("A,B..."),
    /// Texts by key: a JSON object.
    MAP("VALUE");

    private final String placeholder;

    Type(String placeholder) {
      this.placeholder = placeholder;
    }

    /// What the help shows for a value.
    public String placeholder() {
      return placeholder;
    }
  }

  static Parameter required(String name, Type type, String description) {
    return new Parameter(name, type, true, description);
  }

  static Parameter optional(String name, Type type, String description) {
    return new Parameter(name, type, false, description);
  }

  /// As the help shows it: `uuid=UUID`, `device-config:KEY=VALUE`.
  public String usage() {
    return name + (type == Type.MAP ? ":KEY=" : "=") + type.placeholder();
  }
}
