// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// Who gets the processor first.
public final class Processor {
  private static final int PRIO_PROCESS = 0;
  private static final int CALLING_THREAD = 0;

  /// A tenth of a usual thread's weight: enough to go on where others never rest, and to let go of
  /// a lock soon that a guest waits for.
  private static final int NICE = 10;

  private static final MethodHandle GETPRIORITY =
      handle(
          "getpriority",
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
  private static final MethodHandle SETPRIORITY =
      handle(
          "setpriority",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT));

  private Processor() {}

  @SuppressWarnings("restricted") // as libc has it
  private static MethodHandle handle(String function, FunctionDescriptor descriptor) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(function), descriptor);
  }

  /// Lets other threads go before the calling one from now on, and before those that it starts. One
  /// that lets more of them go first already stays so. There may be no way back. For platform
  /// threads. Source: setpriority(2), where a priority is a thread's own on Linux.
  ///
  /// @return whether the kernel agreed
  public static boolean yieldToOthers() {
    try {
      int now = (int) GETPRIORITY.invokeExact(PRIO_PROCESS, CALLING_THREAD);
      return now >= NICE || (int) SETPRIORITY.invokeExact(PRIO_PROCESS, CALLING_THREAD, NICE) == 0;
    } catch (Error | RuntimeException failed) {
      throw failed;
    } catch (Throwable impossible) {
      throw new AssertionError("they throw nothing", impossible);
    }
  }
}
