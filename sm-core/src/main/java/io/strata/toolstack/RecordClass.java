// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack;

import java.util.List;
import java.util.Optional;

/// The classes that can be listed, with their fields in the order and with the access that `xe`
/// shows.
public enum RecordClass {
  SR(
      Field.listed("uuid", Access.RO),
      Field.listed("name-label", Access.RW),
      Field.listed("name-description", Access.RW),
      Field.listed("host", Access.RO),
      Field.more("allowed-operations", Access.SRO),
      Field.more("current-operations", Access.SRO),
      Field.more("VDIs", Access.SRO),
      Field.more("PBDs", Access.SRO),
      Field.more("virtual-allocation", Access.RO),
      Field.more("physical-utilisation", Access.RO),
      Field.more("physical-size", Access.RO),
      Field.listed("type", Access.RO),
      Field.listed("content-type", Access.RO),
      Field.more("shared", Access.RO),
      Field.more("problem", Access.RO),
      Field.more("other-config", Access.MRW),
      Field.more("sm-config", Access.MRW),
      Field.more("tags", Access.SRW)),
  VDI(
      Field.listed("uuid", Access.RO),
      Field.listed("name-label", Access.RW),
      Field.listed("name-description", Access.RW),
      Field.more("is-a-snapshot", Access.RO),
      Field.more("snapshot-of", Access.RO),
      Field.more("snapshots", Access.SRO),
      Field.more("snapshot-time", Access.RO),
      Field.more("allowed-operations", Access.SRO),
      Field.more("current-operations", Access.SRO),
      Field.listed("sr-uuid", Access.RO),
      Field.more("sr-name-label", Access.RO),
      Field.listed("virtual-size", Access.RO),
      Field.more("physical-utilisation", Access.RO),
      Field.more("location", Access.RO),
      Field.more("type", Access.RO),
      Field.listed("sharable", Access.RO),
      Field.listed("read-only", Access.RO),
      Field.more("cbt-enabled", Access.RO),
      Field.more("managed", Access.RO),
      Field.more("parent", Access.RO),
      Field.more("missing", Access.RO),
      Field.more("problem", Access.RO),
      Field.more("attached", Access.RO),
      Field.more("other-config", Access.MRW),
      Field.more("sm-config", Access.MRW),
      Field.more("keys", Access.MRW),
      Field.more("qos_algorithm_type", Access.RW),
      Field.more("qos_algorithm_params", Access.MRW),
      Field.more("content-id", Access.RO),
      Field.more("tags", Access.SRW)),
  PBD(
      Field.listed("uuid", Access.RO),
      Field.listed("host-uuid", Access.RO),
      Field.more("host-name-label", Access.RO),
      Field.listed("sr-uuid", Access.RO),
      Field.more("sr-name-label", Access.RO),
      Field.listed("device-config", Access.MRO),
      Field.listed("currently-attached", Access.RO),
      Field.more("problem", Access.RO),
      Field.more("other-config", Access.MRO)),
  HOST(
      Field.listed("uuid", Access.RO),
      Field.listed("name-label", Access.RO),
      Field.listed("name-description", Access.RO)),
  SM(
      Field.listed("uuid", Access.RO),
      Field.listed("type", Access.RO),
      Field.listed("name-label", Access.RO),
      Field.listed("name-description", Access.RO),
      Field.more("vendor", Access.RO),
      Field.more("version", Access.RO),
      Field.more("simulator", Access.RO),
      Field.more("features", Access.SRO),
      Field.more("configuration", Access.MRO)),
  TASK(
      Field.listed("uuid", Access.RO),
      Field.listed("name-label", Access.RO),
      Field.listed("created", Access.RO),
      Field.listed("sr-uuid", Access.RO),
      Field.listed("step", Access.RO),
      Field.more("arguments", Access.MRO));

  @SuppressWarnings("ImmutableEnumChecker") // of List.of: it can't change
  private final List<Field> fields;

  RecordClass(Field... fields) {
    this.fields = List.of(fields);
  }

  /// Every field, in order.
  public List<Field> fields() {
    return fields;
  }

  /// The name in verbs and methods: `sr`.
  public String prefix() {
    return switch (this) {
      case SR -> "sr";
      case VDI -> "vdi";
      case PBD -> "pbd";
      case HOST -> "host";
      case SM -> "sm";
      case TASK -> "task";
    };
  }

  /// Whether there is nothing but a listing of it.
  public boolean onlyListed() {
    return this == SM || this == HOST || this == TASK;
  }

  /// The class whose verbs and methods begin with this.
  public static RecordClass ofPrefix(String prefix) {
    for (RecordClass candidate : values()) {
      if (candidate.prefix().equals(prefix)) {
        return candidate;
      }
    }
    throw new IllegalArgumentException(prefix);
  }

  /// The field of this name.
  public Optional<Field> field(String name) {
    return fields.stream().filter(known -> known.name().equals(name)).findFirst();
  }

  /// What may be done with a field, as `xe` marks it.
  public enum Access {
    RO("( RO)"),
    RW("( RW)"),
    SRO("(SRO)"),
    SRW("(SRW)"),
    MRO("(MRO)"),
    MRW("(MRW)");

    private final String mark;

    Access(String mark) {
      this.mark = mark;
    }

    /// The mark behind the field's name.
    public String mark() {
      return mark;
    }

    /// Whether it can be changed.
    public boolean writable() {
      return this == RW || this == SRW || this == MRW;
    }
  }

  /// One field.
  ///
  /// @param listed whether a listing shows it unless other fields are asked for
  public record Field(String name, Access access, boolean listed) {
    static Field listed(String name, Access access) {
      return new Field(name, access, true);
    }

    static Field more(String name, Access access) {
      return new Field(name, access, false);
    }

    /// Name and mark, as in the record layout.
    public String label() {
      return name + " " + access.mark();
    }
  }
}
