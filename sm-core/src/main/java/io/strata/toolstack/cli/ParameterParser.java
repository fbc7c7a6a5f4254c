// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.spi.StorageException;
import io.strata.toolstack.ByteSize;
import io.strata.toolstack.Json;
import io.strata.toolstack.Nearest;
import io.strata.toolstack.Operation;
import io.strata.toolstack.Parameter;
import io.strata.toolstack.RecordClass;
import io.strata.toolstack.Rendering;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// Turns `name=value` words into the parameters of a call, by the table of operations.
final class ParameterParser {
  private static final String FROM_FILE = "-filename";
  private static final int MAX_VALUE_FILE_BYTES = 64 * 1024;
  private static final String FIELDS_BY_NAME = "values";
  private static final String FILTERS = "where";

  private final Operation operation;
  private final Map<String, Json> values = new LinkedHashMap<>();
  private final Map<String, Map<String, String>> maps = new LinkedHashMap<>();

  private ParameterParser(Operation operation) {
    this.operation = operation;
  }

  /// Parses the words after the verb.
  static Json.Members parse(Operation operation, List<String> words)
      throws UsageException, StorageException {
    ParameterParser parser = new ParameterParser(operation);
    for (String word : words) {
      parser.take(word);
    }
    return parser.finish();
  }

  private void take(String word) throws UsageException, StorageException {
    if (word.startsWith("--")) {
      takeOption(word);
      return;
    }
    int equals = word.indexOf('=');
    if (equals <= 0) {
      throw usage("'" + Rendering.escaped(word) + "' is no parameter: give name=value");
    }
    String name = word.substring(0, equals);
    String value = word.substring(equals + 1);
    Optional<Parameter> plain = operation.parameter(name);
    if (plain.isPresent() && plain.get().type() != Parameter.Type.MAP) {
      if (values.putIfAbsent(name, convert(plain.get(), value)) != null) {
        throw usage("Parameter given twice: " + name);
      }
      return;
    }
    int colon = name.indexOf(':');
    String prefix = colon < 0 ? name : name.substring(0, colon);
    Optional<Parameter> map =
        operation.parameter(prefix).filter(known -> known.type() == Parameter.Type.MAP);
    if (map.isPresent() && colon > 0) {
      putInMap(prefix, name.substring(colon + 1), value);
      return;
    }
    if (!takeField(name, prefix, value)) {
      throw unknown(name);
    }
  }

  /// `--name` is `name=true`.
  private void takeOption(String word) throws UsageException, StorageException {
    String name = word.substring(2);
    Optional<Parameter> flag =
        operation.parameter(name).filter(known -> known.type() == Parameter.Type.FLAG);
    if (flag.isEmpty()) {
      throw usage("Unknown option: " + Rendering.escaped(word));
    }
    take(name + "=true");
  }

  /// Listings, `param-set` and `param-add` take fields by their own names.
  private boolean takeField(String name, String prefix, String value) throws UsageException {
    if (operation.lists()) {
      return fields().contains(prefix) && put(FILTERS, name, value);
    }
    if (operation.parameter(FIELDS_BY_NAME).isEmpty()) {
      return false;
    }
    boolean anyKey = operation.verb().endsWith("-param-add");
    return (anyKey || fields().contains(prefix)) && put(FIELDS_BY_NAME, name, value);
  }

  private List<String> fields() {
    String prefix = operation.verb().substring(0, operation.verb().indexOf('-'));
    return RecordClass.ofPrefix(prefix).fields().stream().map(RecordClass.Field::name).toList();
  }

  private void putInMap(String map, String key, String value) throws UsageException {
    if (key.endsWith(FROM_FILE) && key.length() > FROM_FILE.length()) {
      put(map, key.substring(0, key.length() - FROM_FILE.length()), valueOfFile(value));
    } else {
      put(map, key, value);
    }
  }

  private boolean put(String map, String key, String value) throws UsageException {
    if (maps.computeIfAbsent(map, _ -> new LinkedHashMap<>()).put(key, value) != null) {
      throw usage("Parameter given twice: " + key);
    }
    return true;
  }

  /// A secret is better in a file than on a command line, which everybody can see.
  private String valueOfFile(String file) throws UsageException {
    try (InputStream bytes = Files.newInputStream(Path.of(file))) {
      byte[] content = bytes.readNBytes(MAX_VALUE_FILE_BYTES + 1);
      if (content.length > MAX_VALUE_FILE_BYTES) {
        throw usage("The file '" + Rendering.escaped(file) + "' is too long for a value");
      }
      String text = new String(content, StandardCharsets.UTF_8);
      return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    } catch (IOException e) {
      throw usage("The file '" + Rendering.escaped(file) + "' can't be read");
    }
  }

  private Json convert(Parameter parameter, String value) throws UsageException, StorageException {
    return switch (parameter.type()) {
      case TEXT, UUID -> Json.of(value);
      case SIZE -> Json.of(ByteSize.parse(value));
      case FLAG -> Json.of(flag(parameter, value));
      case FILE -> Json.of(Path.of(value).toAbsolutePath().normalize().toString());
      case TEXTS -> Json.texts(texts(value));
      case MAP -> throw new IllegalArgumentException(parameter.name());
    };
  }

  private boolean flag(Parameter parameter, String value) throws UsageException {
    return switch (value.toLowerCase(Locale.ROOT)) {
      case "true", "yes", "on", "1", "t", "y" -> true;
      case "false", "no", "off", "0", "f", "n" -> false;
      default ->
          throw usage("Give " + parameter.name() + "=true or " + parameter.name() + "=false");
    };
  }

  private static List<String> texts(String value) {
    return Stream.of(value.split(",")).filter(text -> !text.isEmpty()).toList();
  }

  private Json.Members finish() throws UsageException {
    maps.forEach((name, map) -> values.put(name, Json.texts(map)));
    for (Parameter parameter : operation.parameters()) {
      if (parameter.required() && !values.containsKey(parameter.name())) {
        throw usage("Required parameter not found: " + parameter.name());
      }
    }
    return new Json.Members(values);
  }

  private UsageException unknown(String name) {
    List<String> known = new ArrayList<>();
    operation.parameters().forEach(parameter -> known.add(parameter.name()));
    if (operation.lists() || operation.parameter(FIELDS_BY_NAME).isPresent()) {
      known.addAll(fields());
    }
    String typed = name.indexOf(':') > 0 ? name.substring(0, name.indexOf(':')) : name;
    return usage(
        "Unknown parameter: " + Rendering.escaped(name) + ". " + Nearest.suggestion(typed, known));
  }

  private UsageException usage(String message) {
    return new UsageException(message, operation.verb());
  }
}
