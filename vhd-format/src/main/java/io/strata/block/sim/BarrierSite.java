// SPDX-License-Identifier: Apache-2.0
package io.strata.block.sim;

import java.lang.StackWalker.StackFrame;
import java.util.stream.Stream;

/// The place in the code that asked for a barrier: class, method and line.
///
/// It is found by walking the stack, so that code under test needs no names for its barriers.
public record BarrierSite(String className, String method, int line) {
  private static final StackWalker WALKER = StackWalker.getInstance();

  /// The nearest caller outside of the simulators and of the container decorators.
  static BarrierSite ofCaller() {
    return WALKER.walk(BarrierSite::nearest);
  }

  private static BarrierSite nearest(Stream<StackFrame> frames) {
    return frames
        .filter(frame -> !frame.getClassName().startsWith("io.strata.block."))
        .findFirst()
        .map(f -> new BarrierSite(f.getClassName(), f.getMethodName(), f.getLineNumber()))
        .orElseThrow();
  }

  @Override
  public String toString() {
    return className + "." + method + ":" + line;
  }
}
