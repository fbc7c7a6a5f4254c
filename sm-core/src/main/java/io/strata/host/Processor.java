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

  @SuppressWarnings("restricted") // setpriority as libc has it
  private static final MethodHandle SETPRIORITY =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("setpriority"),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT));

  private Processor() {}

  /// Lets other threads go before the calling one from now on, and before those that it starts.
  /// There may be no way back. For platform threads. Source: setpriority(2), where a priority is a
  /// thread's own on Linux.
  ///
  /// @return whether the kernel agreed
  public static boolean yieldToOthers() {
    try {
      return (int) SETPRIORITY.invokeExact(PRIO_PROCESS, CALLING_THREAD, NICE) == 0;
    } catch (Error | RuntimeException failed) {
      throw failed;
    } catch (Throwable impossible) {
      throw new AssertionError("setpriority throws nothing", impossible);
    }
  }
}
