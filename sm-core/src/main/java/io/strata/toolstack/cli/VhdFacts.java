// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.block.Container;
import io.strata.toolstack.Json;
import io.strata.toolstack.image.ImageDevice;
import io.strata.vhd.Geometry;
import io.strata.vhd.ParentLink;
import io.strata.vhd.VhdChain;
import io.strata.vhd.VhdInfo;
import io.strata.vhd.VhdRejectedException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/// What is known of a VHD file, as JSON.
final class VhdFacts {
  private static final long EPOCH_2000_SECONDS = 946_684_800L;

  private VhdFacts() {}

  /// Every field of the metadata, and the chain below as far as it is found.
  static Json.Members of(Container container, VhdInfo info, Path file) throws IOException {
    Json.Builder facts =
        Json.object()
            .with("file", container.location())
            .with("uuid", info.uuid().toString())
            .with("type", info.type().name().toLowerCase(Locale.ROOT))
            .with("size", info.sizeBytes())
            .with("physical-size", container.physicalBytes())
            .with("file-size", container.sizeBytes())
            .with("hidden", info.hidden())
            .with("created", time(info.timestamp()))
            .with("creator", info.creator())
            .with("creator-version", String.format(Locale.ROOT, "0x%08x", info.creatorVersion()))
            .with("geometry", geometry(info.geometry()))
            .with("block-size", info.blockBytes())
            .with("bat-offset", info.tableOffsetBytes())
            .with("bat-entries", info.tableEntries())
            .with("batmap", info.batmap())
            .with("trailing-footer-valid", info.trailingFooterValid());
    if (info.parent().isPresent()) {
      ParentLink parent = info.parent().get();
      facts
          .with("parent-uuid", parent.uuid().toString())
          .with("parent-name", parent.name())
          .with("parent-timestamp", time(parent.timestamp()))
          .with("parent-locators", Json.texts(parent.locatorPaths()));
      addChain(facts, info, file);
    }
    return facts.build();
  }

  private static void addChain(Json.Builder facts, VhdInfo leaf, Path file) throws IOException {
    var parents = ImageDevice.parentsOf(file);
    List<String> chain = new ArrayList<>();
    String child = file.toString();
    String problem = "";
    Set<UUID> seen = new HashSet<>(Set.of(leaf.uuid()));
    Optional<ParentLink> link = leaf.parent();
    while (link.isPresent() && problem.isEmpty()) {
      if (!seen.add(link.get().uuid())) {
        problem = file + " depends on itself: its chain meets " + link.get().uuid() + " twice";
        break;
      }
      try (Container parent = parents.open(link.get(), child)) {
        child = parent.location();
        chain.add(child);
        link = VhdInfo.read(parent).parent();
      } catch (VhdRejectedException e) {
        problem = String.valueOf(e.getMessage());
      }
    }
    facts.with("chain", Json.texts(chain));
    if (!problem.isEmpty()) {
      facts.with("chain-problem", problem);
    }
  }

  private static String geometry(Geometry geometry) {
    return geometry.cylinders() + "/" + geometry.heads() + "/" + geometry.sectorsPerTrack();
  }

  private static String time(int secondsSince2000) {
    long seconds = Integer.toUnsignedLong(secondsSince2000) + EPOCH_2000_SECONDS;
    return Instant.ofEpochSecond(seconds).toString();
  }

  /// Runs of a chain's bytes with the file that holds each.
  static List<Json> map(VhdChain chain) throws IOException {
    List<Json> runs = new ArrayList<>();
    chain.map(
        0,
        chain.sizeBytes(),
        (offset, length, kind, location) ->
            runs.add(
                Json.object()
                    .with("offset", offset)
                    .with("length", length)
                    .with("kind", kind.name().toLowerCase(Locale.ROOT))
                    .with("file", location)
                    .build()));
    return runs;
  }
}
