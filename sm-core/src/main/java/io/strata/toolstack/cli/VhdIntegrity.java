// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.block.Container;
import io.strata.block.FileContainer;
import io.strata.check.CheckOptions;
import io.strata.check.CheckReport;
import io.strata.check.Finding;
import io.strata.check.RepairPlan;
import io.strata.check.RepairStep;
import io.strata.check.Severity;
import io.strata.check.VhdChecker;
import io.strata.check.VhdRepairer;
import io.strata.spi.StorageException;
import io.strata.toolstack.FindingText;
import io.strata.toolstack.Json;
import io.strata.toolstack.JsonText;
import io.strata.toolstack.Rendering;
import io.strata.toolstack.image.ImageDevice;
import io.strata.toolstack.image.ImageLock;
import io.strata.toolstack.rpc.Failure;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/// Checks and repairs of a VHD file, shown on a terminal.
final class VhdIntegrity {
  /// Plans that one repair makes, since a plan has a bound.
  private static final int MOST_ROUNDS = 1000;

  private final PrintStream out;

  VhdIntegrity(Terminal terminal) {
    out = terminal.out();
  }

  /// @return 0 where nothing is worse than INFO, else 1
  int check(Path file, boolean bitmaps, boolean json) throws IOException, StorageException {
    CheckReport report;
    CheckOptions options = options(file, bitmaps);
    try (FileContainer container = FileContainer.openReadOnly(file);
        ImageLock _ = ImageLock.reading(file)) {
      report = VhdChecker.check(container, options);
    }
    if (json) {
      out.println(JsonText.pretty(json(report)));
    } else {
      show(report);
    }
    return report.clean() ? 0 : 1;
  }

  /// @param dryRun only says what would be done
  /// @return 0 where nothing worse than INFO is left, else 1
  int repair(Path file, boolean bitmaps, boolean dryRun, boolean json)
      throws IOException, StorageException {
    CheckOptions options = options(file, bitmaps);
    if (dryRun) {
      try (FileContainer container = FileContainer.openReadOnly(file);
          ImageLock _ = ImageLock.reading(file)) {
        return repair(container, options, true, json);
      }
    }
    try (FileContainer container = FileContainer.openReadWrite(file);
        ImageLock _ = ImageLock.writing(file)) {
      return repair(container, options, false, json);
    }
  }

  /// @return 0 where nothing worse than INFO is left, else 1
  int repair(Container container, CheckOptions options, boolean dryRun, boolean json)
      throws IOException {
    List<Json> steps = new ArrayList<>();
    Consumer<RepairStep> say = json ? step -> steps.add(json(step)) : this::show;
    CheckReport report;
    RepairPlan plan;
    try {
      report = VhdChecker.check(container, options);
      plan = VhdRepairer.plan(container, report);
      for (int round = 0; !dryRun && !plan.steps().isEmpty() && round < MOST_ROUNDS; round++) {
        VhdRepairer.apply(container, plan, say);
        report = VhdChecker.check(container, options);
        plan = VhdRepairer.plan(container, report);
      }
    } catch (IOException e) {
      if (!json) {
        throw e;
      }
      Json error = Failure.of(FileFailures.of(e)).toJson();
      out.println(JsonText.pretty(repaired(dryRun, steps).with("error", error).build()));
      return 1;
    }
    plan.steps().forEach(say);
    if (json) {
      out.println(JsonText.pretty(repaired(dryRun, steps).with("left", json(report)).build()));
    } else {
      showLeft(report, plan);
    }
    return report.clean() ? 0 : 1;
  }

  private static Json.Builder repaired(boolean dryRun, List<Json> steps) {
    return Json.object().with("dry-run", dryRun).with("steps", new Json.Items(steps));
  }

  private void showLeft(CheckReport report, RepairPlan plan) {
    plan.unfixable().forEach(finding -> show(report, finding));
    if (report.findings().isEmpty()) {
      out.println(Rendering.escaped(report.image()) + " is valid");
    } else if (plan.steps().isEmpty()) {
      out.println(Rendering.escaped(report.image()) + ": nothing more can be repaired");
    }
    for (String parent : report.repairableParents()) {
      out.println(Rendering.escaped(parent) + ": this parent can be repaired by itself");
    }
  }

  private static CheckOptions options(Path file, boolean bitmaps) throws IOException {
    CheckOptions options = CheckOptions.standard().withParents(ImageDevice.parentsOf(file));
    return bitmaps ? options.withBitmaps() : options;
  }

  private void show(CheckReport report) {
    report.findings().forEach(finding -> show(report, finding));
    if (report.moreFindings() > 0) {
      out.println(FindingText.more(report.moreFindings()));
    }
    out.println(
        report.findings().isEmpty()
            ? Rendering.escaped(report.image()) + " is valid"
            : Rendering.escaped(report.image())
                + ": "
                + FindingText.count(report.count(Severity.ERROR), report.count(Severity.WARNING)));
  }

  private void show(CheckReport report, Finding finding) {
    boolean elsewhere = !report.own(finding) && report.fix(finding).isPresent();
    out.println(
        FindingText.of(report, finding).line()
            + (elsewhere ? ", if it is run on this parent" : ""));
  }

  private void show(RepairStep step) {
    out.println(
        Rendering.escaped(step.sentence())
            + " ("
            + step.lengthBytes()
            + " bytes at "
            + step.offsetBytes()
            + ")");
  }

  private static Json json(RepairStep step) {
    return Json.object()
        .with("step", step.sentence())
        .with("offset", step.offsetBytes())
        .with("length", step.lengthBytes())
        .build();
  }

  private static Json json(CheckReport report) {
    return Json.object()
        .with("file", report.image())
        .with("uuid", Json.of(report.uuid()))
        .with("type", Json.of(report.type().map(type -> type.name().toLowerCase(Locale.ROOT))))
        .with("size", report.diskBytes())
        .with("file-size", report.imageBytes())
        .with("blocks", report.blocks())
        .with("allocated-blocks", report.allocatedBlocks())
        .with("depth", report.depth())
        .with("bitmaps-checked", report.bitmapsChecked())
        .with("worst", Json.of(report.worst()))
        .with("more-findings", report.moreFindings())
        .with(
            "findings",
            new Json.Items(
                report.findings().stream()
                    .map(finding -> FindingText.of(report, finding).json())
                    .toList()))
        .build();
  }
}
