// SPDX-License-Identifier: Apache-2.0
package io.strata.architecture;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;

/// Every class of Strata that users get.
final class Production {

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.strata")
          .that(
              DescribedPredicate.describe(
                  "declared in a package", type -> !type.getPackageName().isEmpty()));

  private Production() {}

  static JavaClasses classes() {
    return CLASSES;
  }

  /// Whether a class stands in for a device or an array in tests and demonstrations.
  static boolean isSimulator(JavaClass type) {
    for (String part : type.getPackageName().split("\\.", -1)) {
      if (part.equals("sim") || part.equals("simulator")) {
        return true;
      }
    }
    return false;
  }
}
