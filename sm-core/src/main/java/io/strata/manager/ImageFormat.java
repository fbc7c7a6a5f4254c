// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

/// How an image is laid out in a stream.
public enum ImageFormat {
  /// Plain bytes.
  RAW,
  /// A VHD, fixed or dynamic.
  VHD
}
