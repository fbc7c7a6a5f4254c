// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

/// Hears how far a copy is. Called often, on the copying thread: return soon.
@FunctionalInterface
public interface ProgressListener {
  /// Hears nothing.
  ProgressListener NONE = (doneBytes, totalBytes) -> {};

  /// @param doneBytes bytes of the disk that are copied
  /// @param totalBytes size of the disk, or -1 while unknown
  void progress(long doneBytes, long totalBytes);
}
