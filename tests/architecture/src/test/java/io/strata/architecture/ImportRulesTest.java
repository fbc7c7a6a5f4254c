// SPDX-License-Identifier: Apache-2.0
package io.strata.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// "Who may import whom" of `docs/ARCHITECTURE.md`.
final class ImportRulesTest {

  private static final List<String> DRIVER_MAY = List.of("spi", "store", "host", "vhd", "block");

  /// Each package below `io.strata` (with the packages below it), and what it may import beside
  /// itself.
  private static final Map<String, List<String>> MAY_IMPORT =
      Map.ofEntries(
          Map.entry("block", List.of()),
          Map.entry("vhd", List.of("block")),
          Map.entry("check", List.of("vhd", "block")),
          Map.entry("spi", List.of("block")),
          Map.entry("nbd", List.of("block")),
          Map.entry("host", List.of("spi", "block")),
          Map.entry("store", List.of("spi", "host", "check", "vhd", "block")),
          Map.entry("simulator", List.of("spi", "store", "host", "vhd", "block")),
          Map.entry("catalog", List.of("spi")),
          Map.entry("gc", List.of("catalog", "spi", "block")),
          Map.entry("manager", List.of("gc", "catalog", "nbd", "spi", "vhd", "block")),
          Map.entry(
              "toolstack",
              List.of("manager", "gc", "catalog", "nbd", "spi", "host", "vhd", "check", "block")),
          Map.entry("driver", DRIVER_MAY),
          Map.entry("storagelink", DRIVER_MAY));

  /// What of the SPI is behaviour, and so none of the catalog's business.
  private static final Set<String> SPI_PORTS =
      Set.of(
          "StorageDriver",
          "Repository",
          "Snapshots",
          "Clones",
          "VhdTree",
          "VolumeChecks",
          "MetadataArea");

  @TestFactory
  Stream<DynamicTest> packageImportsOnlyWhatItMay() {
    return MAY_IMPORT.keySet().stream()
        .sorted()
        .map(room ->
            DynamicTest.dynamicTest(
                room + " imports only " + MAY_IMPORT.get(room), () -> checkImportsOf(room)));
  }

  private static void checkImportsOf(String room) {
    classes()
        .that(standIn(room))
        .should()
        .onlyDependOnClassesThat(
            describe(
                "stand outside Strata or in " + room + " or " + MAY_IMPORT.get(room),
                type ->
                    !type.getPackageName().startsWith("io.strata.")
                        || roomOf(type).equals(room)
                        || MAY_IMPORT.getOrDefault(room, List.of()).contains(roomOf(type))))
        .allowEmptyShould(true)
        .check(Production.classes());
  }

  @Test
  void everyPackageHasItsImportRule() {
    Set<String> rooms =
        Production.classes().stream()
            .map(ImportRulesTest::roomOf)
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(MAY_IMPORT.keySet()).containsAll(rooms);
    assertThat(rooms).contains("block", "spi", "nbd", "catalog", "manager");
  }

  @Test
  void noPackagesDependOnEachOtherInCircles() {
    slices().matching("io.strata.(**)").should().beFreeOfCycles().check(Production.classes());
  }

  @Test
  void productionImportsNoSimulator() {
    noClasses()
        .that(describe("are no simulators", type -> !Production.isSimulator(type)))
        .should()
        .dependOnClassesThat(describe("are simulators", Production::isSimulator))
        .check(Production.classes());
  }

  @Test
  void onlyHostStartsProcesses() {
    noClasses()
        .that(describe("stand outside io.strata.host", type -> !roomOf(type).equals("host")))
        .should()
        .dependOnClassesThat()
        .belongToAnyOf(ProcessBuilder.class, Process.class)
        .orShould()
        .callMethod(Runtime.class, "exec", String.class)
        .orShould()
        .callMethod(Runtime.class, "exec", String[].class)
        .check(Production.classes());
  }

  @Test
  void onlyCatalogKnowsSql() {
    noClasses()
        .that(describe("stand outside io.strata.catalog", type -> !roomOf(type).equals("catalog")))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.sql..", "javax.sql..", "org.sqlite..", "org.postgresql..")
        .check(Production.classes());
  }

  @Test
  void catalogTakesOnlyValuesFromTheSpi() {
    noClasses()
        .that(standIn("catalog"))
        .should()
        .dependOnClassesThat(
            describe(
                "are ports of the SPI",
                type -> roomOf(type).equals("spi") && SPI_PORTS.contains(type.getSimpleName())))
        .check(Production.classes());
  }

  private static DescribedPredicate<JavaClass> standIn(String room) {
    return describe("stand in io.strata." + room, type -> roomOf(type).equals(room));
  }

  /// The first name below `io.strata`: "toolstack" for `io.strata.toolstack.cli`.
  private static String roomOf(JavaClass type) {
    String[] names = type.getPackageName().split("\\.", -1);
    return names.length > 2 ? names[2] : "";
  }
}
