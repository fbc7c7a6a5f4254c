// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import java.nio.file.Path;

/// Where the host's facts are read: the running host, or a recorded tree of the same shape.
///
/// @param sys what stands at `/sys`
/// @param proc what stands at `/proc`
/// @param dev what stands at `/dev`
public record HostRoot(Path sys, Path proc, Path dev) {

  /// The running host.
  public static HostRoot live() {
    return under(Path.of("/"));
  }

  /// A tree with `sys`, `proc` and `dev` below a folder.
  public static HostRoot under(Path root) {
    return new HostRoot(root.resolve("sys"), root.resolve("proc"), root.resolve("dev"));
  }
}
