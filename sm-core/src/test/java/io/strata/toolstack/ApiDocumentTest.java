// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// `docs/api.md` says what the table of operations says.
final class ApiDocumentTest {
  private static final Path DOCUMENT = Path.of("..", "docs", "api.md");

  @Test
  void everyMethodIsDocumentedWithItsParametersAndResult() throws IOException {
    assertDocumented(rows(), "api-methods.md");
  }

  @Test
  void everyFieldIsDocumented() throws IOException {
    assertDocumented(fields(), "api-fields.md");
  }

  private static void assertDocumented(List<String> table, String name) throws IOException {
    Path expected = Files.write(Path.of("target", name), table);
    assertThat(Files.readString(DOCUMENT))
        .as("the table in docs/api.md must be what stands in sm-core/%s", expected)
        .contains(String.join("\n", table));
  }

  private static List<String> rows() {
    Map<String, String> byMethod = new LinkedHashMap<>();
    for (Operation operation : Operations.all()) {
      byMethod.putIfAbsent(
          operation.method(),
          "| `"
              + operation.method()
              + "` | "
              + operation.summary().replace("|", "\\|")
              + " | "
              + parameters(operation)
              + " | "
              + operation.answer().shape()
              + " |");
    }
    return new ArrayList<>(byMethod.values());
  }

  private static String parameters(Operation operation) {
    return operation.parameters().stream()
        .map(parameter ->
            (parameter.required() ? "**`" : "`")
                + parameter.name()
                + (parameter.required() ? "`** " : "` ")
                + type(parameter))
        .collect(Collectors.joining(", "));
  }

  private static String type(Parameter parameter) {
    return switch (parameter.type()) {
      case TEXT -> "text";
      case UUID -> "UUID";
      case SIZE -> "bytes";
      case FLAG -> "boolean";
      case FILE -> "path";
      case TEXTS -> "array";
      case MAP -> "object";
    };
  }

  private static List<String> fields() {
    List<String> rows = new ArrayList<>();
    for (RecordClass records : RecordClass.values()) {
      rows.add(
          "| "
              + records
              + " | "
              + records.fields().stream()
                  .map(field -> "`" + field.name() + "` " + field.access())
                  .collect(Collectors.joining(", "))
              + " |");
    }
    return rows;
  }
}
