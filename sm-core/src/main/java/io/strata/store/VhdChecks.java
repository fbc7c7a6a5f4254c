// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.block.Container;
import io.strata.check.CheckOptions;
import io.strata.check.CheckReport;
import io.strata.check.Finding;
import io.strata.check.Fix;
import io.strata.check.VhdChecker;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume.Kind;
import io.strata.spi.VolumeChecks;
import io.strata.spi.VolumeFinding;
import io.strata.vhd.ParentLink;
import io.strata.vhd.ParentResolver;
import io.strata.vhd.VhdRejectedException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// Checks of VHD volumes, one by one, so that an SR's check is linear in what it holds. Raw volumes
/// have nothing to contradict.
final class VhdChecks implements VolumeChecks {
  private final VhdRepository repository;
  private final VolumeShelf shelf;

  VhdChecks(VhdRepository repository, VolumeShelf shelf) {
    this.repository = repository;
    this.shelf = shelf;
  }

  @Override
  public Optional<List<VolumeFinding>> check(VdiUuid vdi, boolean data) throws StorageException {
    String failure = "VDI " + vdi + " can't be checked";
    Optional<Subject> subject = repository.locked(failure, () -> open(vdi));
    if (subject.isEmpty()) {
      return Optional.empty();
    }
    try (Container container = subject.get().container()) {
      if (subject.get().node().kind() == Kind.RAW) {
        return Optional.of(List.of());
      }
      CheckOptions options = CheckOptions.standard().withParent(parents(failure));
      return Optional.of(
          findings(
              subject.get().node(),
              VhdChecker.check(container, data ? options.withBitmaps() : options)));
    } catch (IOException failed) {
      throw StoreFailures.of(failure, failed);
    }
  }

  /// A volume that nobody writes to.
  private record Subject(Node node, Container container) {}

  private Optional<Subject> open(VdiUuid vdi) throws IOException {
    Optional<Node> node = shelf.refresh(vdi);
    boolean written =
        shelf.open.writer(vdi).isPresent()
            || shelf.merges.stream().anyMatch(merge -> merge.concerns(vdi));
    return node.isEmpty() || written
        ? Optional.empty()
        : Optional.of(new Subject(node.get(), shelf.store.open(node.get().name(), false)));
  }

  /// Looked up under the lock, read outside of it.
  private ParentResolver parents(String failure) {
    return (ParentLink link, String child) -> {
      try {
        return repository.locked(failure, () -> shelf.parents().open(link, child));
      } catch (StorageException refused) {
        throw new VhdRejectedException(refused.what());
      }
    };
  }

  private List<VolumeFinding> findings(Node node, CheckReport report) {
    List<VolumeFinding> findings = new ArrayList<>();
    for (Finding finding : report.findings()) {
      findings.add(
          new VolumeFinding(
              node.vdi(),
              finding.name(),
              severity(finding),
              finding.where().image(),
              finding.where().offsetBytes(),
              finding.where().block(),
              finding.expected(),
              finding.found(),
              finding.sentence(),
              report.fix(finding).map(Fix::sentence)));
    }
    if (node.problem().isPresent() && findings.stream().noneMatch(VolumeFinding::bad)) {
      findings.add(unusable(node, node.problem().get()));
    }
    return findings;
  }

  private VolumeFinding unusable(Node node, String problem) {
    String location = shelf.store.location() + "/" + node.name();
    return new VolumeFinding(
        node.vdi(),
        "volume-unusable",
        VolumeFinding.Severity.ERROR,
        location,
        0,
        OptionalInt.empty(),
        "a volume that can be opened",
        problem,
        location + ": " + problem,
        Optional.empty());
  }

  private static VolumeFinding.Severity severity(Finding finding) {
    return switch (finding.severity()) {
      case INFO -> VolumeFinding.Severity.INFO;
      case WARNING -> VolumeFinding.Severity.WARNING;
      case ERROR -> VolumeFinding.Severity.ERROR;
    };
  }
}
