// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Chains of images: a full base, and scattered writes in each layer above it.
final class Chains {
  private Chains() {}

  /// @return the base first
  static List<Path> vhd(Path folder, int depth, long sizeBytes, int writes, int writeBytes)
      throws IOException {
    List<Path> layers = new ArrayList<>();
    layers.add(folder.resolve("0.vhd"));
    Images.vhd(layers.getLast(), sizeBytes, disk -> Fill.dense(disk, sizeBytes, 1));
    for (int i = 1; i < depth; i++) {
      int seed = i;
      Path child = folder.resolve(i + ".vhd");
      Images.vhdChild(
          child,
          layers.getLast(),
          disk -> Fill.scattered(disk, writes, writeBytes, sizeBytes, seed));
      layers.add(child);
    }
    return layers;
  }

  /// @return the base first
  static List<Path> qcow2(Path folder, int depth, long sizeBytes, int writes, int writeBytes)
      throws IOException, InterruptedException {
    List<Path> layers = new ArrayList<>();
    layers.add(folder.resolve("0.qcow2"));
    Images.qemu(layers.getLast(), "qcow2", sizeBytes, disk -> Fill.dense(disk, sizeBytes, 1));
    for (int i = 1; i < depth; i++) {
      Path child = folder.resolve(i + ".qcow2");
      Command.run(
          "qemu-img",
          "create",
          "-q",
          "-u",
          "-f",
          "qcow2",
          "-F",
          "qcow2",
          "-b",
          layers.getLast().toString(),
          child.toString(),
          Long.toString(sizeBytes));
      List<String> line = new ArrayList<>(List.of("qemu-io", "-f", "qcow2", "-t", "unsafe"));
      new Random(i)
          .longs(0, sizeBytes / writeBytes)
          .distinct()
          .limit(writes)
          .forEachOrdered(place ->
              line.addAll(
                  List.of("-c", "write -q -P 90 " + place * writeBytes + " " + writeBytes)));
      line.add(child.toString());
      Command.run(line);
      layers.add(child);
    }
    return layers;
  }
}
