// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import io.strata.catalog.SrMap;
import io.strata.catalog.VdiMap;
import io.strata.manager.StorageManager;
import io.strata.spi.ErrorCode;
import io.strata.spi.Messages;
import io.strata.spi.PbdUuid;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.toolstack.Json;
import io.strata.toolstack.Nearest;
import io.strata.toolstack.RecordClass;
import io.strata.toolstack.RecordClass.Access;
import io.strata.toolstack.RecordClass.Field;
import io.strata.toolstack.Rendering;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/// Listings and the `X-param-*` methods of every class. Changes come one at a time, for adding to a
/// set reads it first.
final class RecordMethods {
  private static final String ALL = "all";

  private final StorageManager manager;
  private final Object changes = new Object();

  RecordMethods(StorageManager manager) {
    this.manager = manager;
  }

  void addTo(ApiMethods methods) {
    for (RecordClass records : RecordClass.values()) {
      String prefix = records.prefix() + ".";
      methods.add(prefix + "list", (arguments, call) -> list(records, arguments));
      if (records.onlyListed()) {
        continue;
      }
      methods
          .add(prefix + "param-list", (arguments, call) -> record(records, arguments))
          .add(prefix + "param-get", (arguments, call) -> get(records, arguments))
          .add(prefix + "param-set", (arguments, call) -> set(records, arguments))
          .add(prefix + "param-add", (arguments, call) -> add(records, arguments))
          .add(prefix + "param-remove", (arguments, call) -> remove(records, arguments))
          .add(prefix + "param-clear", (arguments, call) -> clear(records, arguments));
    }
  }

  private Json list(RecordClass records, Arguments arguments) throws StorageException {
    List<String> shown = shownFields(records, arguments.texts("params"));
    Map<String, String> where = arguments.map("where");
    for (String name : where.keySet()) {
      field(records, fieldName(name));
    }
    Stream<Json.Members> matching =
        new Records(Inventory.of(manager)).all(records).filter(row -> matches(row, where));
    return new Json.Items(matching.<Json>map(row -> select(row, shown)).toList());
  }

  private static List<String> shownFields(RecordClass records, List<String> asked)
      throws StorageException {
    if (asked.contains(ALL)) {
      return records.fields().stream().map(Field::name).toList();
    }
    if (asked.isEmpty()) {
      return records.fields().stream().filter(Field::listed).map(Field::name).toList();
    }
    for (String name : asked) {
      field(records, name);
    }
    return asked;
  }

  private static boolean matches(Json.Members row, Map<String, String> where) {
    return where.entrySet().stream().allMatch(filter -> matches(row, filter));
  }

  private static boolean matches(Json.Members row, Map.Entry<String, String> filter) {
    String name = fieldName(filter.getKey());
    Json value = row.get(name).orElse(Json.Nothing.NULL);
    if (filter.getKey().length() > name.length()) {
      String key = filter.getKey().substring(name.length() + 1);
      return value instanceof Json.Members map
          && map.get(key).map(Json::plain).filter(filter.getValue()::equals).isPresent();
    }
    if (value instanceof Json.Items items) {
      return items.values().stream().anyMatch(item -> item.plain().equals(filter.getValue()));
    }
    return Rendering.of(value).equals(filter.getValue());
  }

  /// `other-config:key` filters by one key of a map.
  private static String fieldName(String name) {
    int colon = name.indexOf(':');
    return colon < 0 ? name : name.substring(0, colon);
  }

  private static Json select(Json.Members row, List<String> names) {
    Map<String, Json> selected = new LinkedHashMap<>();
    names.forEach(name -> selected.put(name, row.values().getOrDefault(name, Json.Nothing.NULL)));
    return new Json.Members(selected);
  }

  private Json.Members record(RecordClass records, Arguments arguments) throws StorageException {
    String uuid = canonical(records, arguments.text("uuid"));
    return new Records(Inventory.of(manager))
        .all(records)
        .filter(row -> row.text("uuid").equals(uuid))
        .findFirst()
        .orElseThrow(() -> missing(records, uuid));
  }

  private static String canonical(RecordClass records, String uuid) throws StorageException {
    return switch (records) {
      case SR -> SrUuid.parse(uuid).toString();
      case VDI -> VdiUuid.parse(uuid).toString();
      case PBD -> PbdUuid.parse(uuid).toString();
      case HOST, SM, TASK -> uuid;
    };
  }

  private static StorageException missing(RecordClass records, String uuid) {
    ErrorCode code =
        switch (records) {
          case VDI -> ErrorCode.VDI_MISSING;
          case SR -> ErrorCode.SR_UNAVAILABLE;
          case PBD, HOST, SM, TASK -> ErrorCode.BAD_REQUEST;
        };
    return new StorageException(
        code,
        "There is no " + records + " " + uuid + ".",
        "See " + records.prefix() + "-list for those that there are.");
  }

  private Json get(RecordClass records, Arguments arguments) throws StorageException {
    Field field = field(records, arguments.text("param-name"));
    Json value = record(records, arguments).get(field.name()).orElse(Json.Nothing.NULL);
    String key = arguments.text("param-key");
    if (key.isEmpty()) {
      return Json.object().with(field.name(), value).build();
    }
    if (value instanceof Json.Members map && map.get(key).isPresent()) {
      return Json.object().with(field.name(), map.get(key).orElseThrow()).build();
    }
    throw new StorageException(
        ErrorCode.INVALID_ARG,
        field.name() + " has no key '" + Messages.printable(key) + "'.",
        "Leave param-key out to see the keys that there are.");
  }

  private Json set(RecordClass records, Arguments arguments) throws StorageException {
    Map<String, String> values = arguments.map("values");
    if (values.isEmpty()) {
      throw new StorageException(
          ErrorCode.INVALID_ARG, "There is nothing to set.", "Give FIELD=VALUE.");
    }
    for (String name : values.keySet()) {
      writable(records, fieldName(name));
    }
    synchronized (changes) {
      record(records, arguments);
      for (Map.Entry<String, String> value : values.entrySet()) {
        setOne(records, arguments, value.getKey(), value.getValue());
      }
    }
    return Json.Members.NONE;
  }

  private void setOne(RecordClass records, Arguments arguments, String name, String value)
      throws StorageException {
    Field field = writable(records, fieldName(name));
    boolean keyed = name.length() > field.name().length();
    if (field.access() == Access.MRW && keyed) {
      put(records, arguments, field, name.substring(field.name().length() + 1), value);
    } else if (field.access() == Access.RW && !keyed) {
      setText(records, arguments, field, value);
    } else if (field.access() == Access.SRW && !keyed) {
      setTags(records, arguments, Set.of(value.split(",")));
    } else {
      throw new StorageException(
          ErrorCode.INVALID_ARG,
          field.name() + " can't be set in this way.",
          field.access() == Access.MRW
              ? "Give " + field.name() + ":KEY=VALUE."
              : "Give " + field.name() + "=VALUE.");
    }
  }

  private Json add(RecordClass records, Arguments arguments) throws StorageException {
    Field field = writable(records, arguments.text("param-name"));
    String key = arguments.text("param-key");
    Map<String, String> values = arguments.map("values");
    synchronized (changes) {
      Json.Members row = record(records, arguments);
      if (field.access() == Access.SRW && !key.isEmpty()) {
        Set<String> tags = tags(row, field);
        tags.add(key);
        setTags(records, arguments, tags);
      } else if (field.access() == Access.MRW && !values.isEmpty()) {
        for (String added : values.keySet()) {
          if (row.members(field.name()).get(added).isPresent()) {
            throw new StorageException(
                ErrorCode.INVALID_ARG,
                field.name() + " has a key '" + Messages.printable(added) + "' already.",
                "Use " + records.prefix() + "-param-set to change it.");
          }
        }
        for (Map.Entry<String, String> value : values.entrySet()) {
          put(records, arguments, field, value.getKey(), value.getValue());
        }
      } else {
        throw new StorageException(
            ErrorCode.INVALID_ARG,
            "There is nothing to add to " + field.name() + ".",
            field.access() == Access.MRW ? "Give KEY=VALUE." : "Give param-key=VALUE.");
      }
    }
    return Json.Members.NONE;
  }

  private Json remove(RecordClass records, Arguments arguments) throws StorageException {
    Field field = writable(records, arguments.text("param-name"));
    String key = arguments.text("param-key");
    synchronized (changes) {
      Json.Members row = record(records, arguments);
      switch (field.access()) {
        case SRW -> {
          Set<String> tags = tags(row, field);
          tags.remove(key);
          setTags(records, arguments, tags);
        }
        case MRW -> unset(records, arguments, field, key);
        case RW, RO, SRO, MRO -> throw notKeyed(field);
      }
    }
    return Json.Members.NONE;
  }

  private Json clear(RecordClass records, Arguments arguments) throws StorageException {
    Field field = writable(records, arguments.text("param-name"));
    synchronized (changes) {
      Json.Members row = record(records, arguments);
      switch (field.access()) {
        case SRW -> setTags(records, arguments, Set.of());
        case MRW -> {
          for (String key : row.members(field.name()).values().keySet()) {
            unset(records, arguments, field, key);
          }
        }
        case RW -> setText(records, arguments, field, "");
        case RO, SRO, MRO -> throw notKeyed(field);
      }
    }
    return Json.Members.NONE;
  }

  private static Set<String> tags(Json.Members row, Field field) {
    Set<String> tags = new LinkedHashSet<>();
    row.items(field.name()).forEach(tag -> tags.add(tag.plain()));
    return tags;
  }

  private static StorageException notKeyed(Field field) {
    return new StorageException(
        ErrorCode.INVALID_ARG,
        field.name() + " " + field.access().mark() + " has no keys to change.",
        "Use param-set for a field that is ( RW).");
  }

  private static Field field(RecordClass records, String name) throws StorageException {
    List<String> known = records.fields().stream().map(Field::name).toList();
    return records
        .field(name)
        .orElseThrow(() ->
            new StorageException(
                ErrorCode.INVALID_ARG,
                records + " has no field '" + Messages.printable(name) + "'.",
                Nearest.suggestion(name, known)));
  }

  private static Field writable(RecordClass records, String name) throws StorageException {
    Field field = field(records, name);
    if (field.access().writable()) {
      return field;
    }
    List<String> changeable =
        records.fields().stream().filter(f -> f.access().writable()).map(Field::name).toList();
    throw new StorageException(
        ErrorCode.INVALID_ARG,
        field.name() + " can't be changed.",
        changeable.isEmpty()
            ? "Nothing of a " + records + " can."
            : "These can: " + String.join(", ", changeable) + ".");
  }

  private void setText(RecordClass records, Arguments arguments, Field field, String value)
      throws StorageException {
    String uuid = arguments.text("uuid");
    switch (records.prefix() + "." + field.name()) {
      case "sr.name-label" -> manager.srSetNameLabel(SrUuid.parse(uuid), value);
      case "sr.name-description" -> manager.srSetNameDescription(SrUuid.parse(uuid), value);
      case "vdi.name-label" -> manager.vdiSetNameLabel(VdiUuid.parse(uuid), value);
      case "vdi.name-description" -> manager.vdiSetNameDescription(VdiUuid.parse(uuid), value);
      case "vdi.qos_algorithm_type" -> manager.vdiSetQosAlgorithmType(VdiUuid.parse(uuid), value);
      default -> throw new IllegalStateException(records + " " + field);
    }
  }

  private void setTags(RecordClass records, Arguments arguments, Set<String> tags)
      throws StorageException {
    String uuid = arguments.text("uuid");
    switch (records) {
      case SR -> manager.srSetTags(SrUuid.parse(uuid), tags);
      case VDI -> manager.vdiSetTags(VdiUuid.parse(uuid), tags);
      case PBD, HOST, SM, TASK -> throw new IllegalStateException(records.toString());
    }
  }

  private void put(RecordClass records, Arguments arguments, Field field, String key, String value)
      throws StorageException {
    String uuid = arguments.text("uuid");
    switch (records) {
      case SR -> manager.srSetKey(SrUuid.parse(uuid), srMap(field), key, value);
      case VDI -> manager.vdiSetKey(VdiUuid.parse(uuid), vdiMap(field), key, value);
      case PBD, HOST, SM, TASK -> throw new IllegalStateException(records.toString());
    }
  }

  private void unset(RecordClass records, Arguments arguments, Field field, String key)
      throws StorageException {
    String uuid = arguments.text("uuid");
    switch (records) {
      case SR -> manager.srUnsetKey(SrUuid.parse(uuid), srMap(field), key);
      case VDI -> manager.vdiUnsetKey(VdiUuid.parse(uuid), vdiMap(field), key);
      case PBD, HOST, SM, TASK -> throw new IllegalStateException(records.toString());
    }
  }

  private static SrMap srMap(Field field) {
    return Stream.of(SrMap.values())
        .filter(map -> map.parameter().equals(field.name()))
        .findFirst()
        .orElseThrow();
  }

  private static VdiMap vdiMap(Field field) {
    return Stream.of(VdiMap.values())
        .filter(map -> map.parameter().equals(field.name()))
        .findFirst()
        .orElseThrow();
  }
}
