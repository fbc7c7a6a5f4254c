// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.toolstack.Json;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TreePrinterTest {

  private static Json node(String uuid, String parent, String name, boolean hidden, Json... held) {
    return Json.object()
        .with("uuid", uuid)
        .with("parent", parent)
        .with("name-label", name)
        .with("virtual-size", 2L << 30)
        .with("physical-utilisation", 1536)
        .with("hidden", hidden)
        .with("is-a-snapshot", name.equals("before"))
        .with("problem", "")
        .with("waits", hidden ? "stays: shared by 2 disks" : "")
        .with("attachments", new Json.Items(List.of(held)))
        .build();
  }

  @Test
  void childrenStandBelowWhatTheyDependOn() {
    Json attached = Json.object().with("mode", "RW").with("endpoint", "unix").build();
    Json tree =
        Json.object()
            .with("sr", "S")
            .with("name-label", "a\nb")
            .with("type", "file")
            .with("physical-size", 4096)
            .with("physical-utilisation", 1024)
            .with("problem", "")
            .with(
                "nodes",
                new Json.Items(
                    List.of(
                        node("B", "", "base copy", true),
                        node("1", "B", "before", false),
                        node("2", "B", "web", false, attached),
                        node("3", "gone", "", false))))
            .build();
    assertThat(new TreePrinter(false).print(List.of(tree)))
        .isEqualTo(
            """
            a\\nb (file)  S  1 KiB of 4 KiB used
            |- (base copy)  B  2 GiB, takes 1.5 KiB  (stays: shared by 2 disks)
            |  |- before (snapshot)  1  2 GiB, takes 1.5 KiB
            |  `- web  2  2 GiB, takes 1.5 KiB  [attached RW on unix]
            `- (no name)  3  2 GiB, takes 1.5 KiB
            """);
  }
}
