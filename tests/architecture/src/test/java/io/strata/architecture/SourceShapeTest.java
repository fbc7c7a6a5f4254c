// SPDX-License-Identifier: Apache-2.0
package io.strata.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// What a reader may count on in every file.
final class SourceShapeTest {

  private static final int MAIN_LINES = 500;
  private static final int TEST_LINES = 700;

  /// Files that may be longer, up to so many lines: one class whose parts share every invariant,
  /// and the facade with a method for each verb.
  private static final Map<String, Integer> LONGER =
      Map.of("VhdChain.java", 650, "StorageManager.java", 600);

  private static final Pattern EMPTY_NAME = Pattern.compile(".*(Impl|Utils?|Helpers?|Misc)\\.java");
  private static final Pattern OPEN_END = Pattern.compile("\\b(TO" + "DO|FIX" + "ME|XX" + "X)\\b");

  @Test
  void everyPackageIsNullMarked() throws IOException {
    Set<Path> unmarked = new TreeSet<>();
    for (Path file : SourceTree.javaFiles()) {
      Path directory = file.resolveSibling(".").normalize();
      boolean marked =
          isNullMarked(directory)
              || isNullMarked(Path.of(directory.toString().replace("/src/test/", "/src/main/")));
      if (!marked && !file.endsWith("module-info.java")) {
        unmarked.add(directory);
      }
    }
    assertThat(unmarked).as("packages without @NullMarked in package-info.java").isEmpty();
  }

  private static boolean isNullMarked(Path directory) throws IOException {
    Path packageInfo = directory.resolve("package-info.java");
    return Files.exists(packageInfo) && Files.readString(packageInfo).contains("@NullMarked");
  }

  @Test
  void filesAreShortEnoughToReadAtOnce() throws IOException {
    List<String> tooLong = new ArrayList<>();
    for (Path file : SourceTree.javaFiles()) {
      int lines = Files.readAllLines(file).size();
      int usual = SourceTree.isTest(file) ? TEST_LINES : MAIN_LINES;
      if (lines > LONGER.getOrDefault(String.valueOf(file.getFileName()), usual)) {
        tooLong.add(file + ": " + lines + " lines");
      }
    }
    assertThat(tooLong).isEmpty();
  }

  @Test
  void namesSayWhatIsInAFile() throws IOException {
    assertThat(SourceTree.javaFiles())
        .allSatisfy(file -> assertThat(file.toString()).doesNotMatch(EMPTY_NAME));
  }

  @Test
  void onlyOneClassIsAManager() throws IOException {
    assertThat(SourceTree.javaFiles())
        .filteredOn(file -> file.toString().endsWith("Manager.java"))
        .hasSizeLessThanOrEqualTo(1);
  }

  @Test
  void nothingIsLeftForLater() throws IOException {
    List<String> left = new ArrayList<>();
    for (Path file : SourceTree.javaFiles()) {
      if (OPEN_END.matcher(Files.readString(file)).find()) {
        left.add(file.toString());
      }
    }
    assertThat(left).isEmpty();
  }

  @Test
  void everyFileNamesItsLicence() throws IOException {
    assertThat(SourceTree.javaFiles())
        .isNotEmpty()
        .allSatisfy(file ->
            assertThat(Files.readString(file))
                .startsWith("// SPDX-License-Identifier: Apache-2.0"));
  }
}
