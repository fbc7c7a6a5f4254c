// SPDX-License-Identifier: Apache-2.0
package io.strata.block.sim;

import java.lang.StackWalker.StackFrame;
import java.util.List;
import java.util.stream.Stream;

/// The place in the code that asked for a barrier.
///
/// It is found by walking the stack, so that code under test needs no names for its barriers.
///
/// @param at the line that asked, as `Class.method:line`
/// @param caller the line that called it: one method may be the barrier of many
public record BarrierSite(String at, String caller) {
  private static final StackWalker WALKER = StackWalker.getInstance();

  /// The nearest caller outside of the containers and their simulators.
  static BarrierSite ofCaller() {
    return WALKER.walk(frames -> nearest(frames, ""));
  }

  /// The nearest caller outside of the containers, their simulators and one class.
  public static BarrierSite outside(Class<?> recorder) {
    return WALKER.walk(frames -> nearest(frames, recorder.getName()));
  }

  private static BarrierSite nearest(Stream<StackFrame> frames, String recorder) {
    List<String> nearest =
        frames
            .filter(frame -> !frame.getClassName().startsWith("io.strata.block."))
            .filter(frame -> !frame.getClassName().equals(recorder))
            .limit(2)
            .map(BarrierSite::describe)
            .toList();
    return new BarrierSite(nearest.getFirst(), nearest.size() > 1 ? nearest.get(1) : "");
  }

  private static String describe(StackFrame frame) {
    String name = frame.getClassName();
    String simpleName = name.substring(name.lastIndexOf('.') + 1);
    return simpleName + "." + frame.getMethodName() + ":" + frame.getLineNumber();
  }

  @Override
  public String toString() {
    return at + " from " + caller;
  }
}
