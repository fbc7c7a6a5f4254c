// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import io.strata.catalog.SrRecord;
import io.strata.manager.SrTree;
import io.strata.manager.StorageManager;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.toolstack.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// What disks, snapshots and base copies depend on, for each SR.
final class TreeMethod {
  private final StorageManager manager;

  TreeMethod(StorageManager manager) {
    this.manager = manager;
  }

  void addTo(ApiMethods methods) {
    methods.add("sr.tree", (arguments, call) -> trees(arguments));
  }

  private Json trees(Arguments arguments) throws StorageException {
    Optional<SrUuid> only = VdiMethods.optionalSr(arguments, "sr-uuid");
    List<SrRecord> srs = only.isPresent() ? List.of(manager.sr(only.get())) : manager.srs();
    List<Json> trees = new ArrayList<>();
    for (SrRecord sr : srs) {
      trees.add(tree(sr));
    }
    return new Json.Items(trees);
  }

  private Json tree(SrRecord sr) throws StorageException {
    List<Json> nodes = new ArrayList<>();
    String problem = sr.problem().orElse("");
    try {
      manager.tree(sr.uuid()).nodes().forEach(node -> nodes.add(node(node)));
    } catch (StorageException e) {
      problem = e.what() + " " + e.remedy();
    }
    return Json.object()
        .with("sr", sr.uuid().toString())
        .with("name-label", sr.nameLabel())
        .with("type", sr.type())
        .with("physical-size", sr.physicalSizeBytes())
        .with("physical-utilisation", sr.physicalUtilisationBytes())
        .with("problem", problem)
        .with("nodes", new Json.Items(nodes))
        .build();
  }

  private static Json node(SrTree.Node node) {
    List<Json> attachments = new ArrayList<>();
    node.attachments()
        .forEach(attachment ->
            attachments.add(
                Json.object()
                    .with("domain", attachment.domain())
                    .with("mode", attachment.mode().name())
                    .with("endpoint", attachment.endpoint())
                    .build()));
    return Json.object()
        .with("uuid", node.uuid().toString())
        .with("parent", Json.of(node.parent()))
        .with("name-label", node.nameLabel())
        .with("format", node.kind().name().toLowerCase(Locale.ROOT))
        .with("virtual-size", node.virtualSizeBytes())
        .with("physical-utilisation", node.physicalBytes())
        .with("hidden", node.hidden())
        .with("is-a-snapshot", node.isASnapshot())
        .with("snapshot-of", Json.of(node.snapshotOf()))
        .with("problem", node.problem().orElse(""))
        .with("waits", node.waits().orElse(""))
        .with("attachments", new Json.Items(attachments))
        .build();
  }
}
