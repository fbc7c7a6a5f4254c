// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/// Who gets the processor first.
public final class Processor {
  private static final int PRIO_PROCESS = 0;
  private static final int CALLING_THREAD = 0;

  /// A tenth of a usual thread's weight: enough to go on where others never rest, and to let go of
  /// a lock soon that a guest waits for.
  private static final int NICE = 10;

  /// A third of a usual thread's weight. What is compiled late runs slowly until then.
  private static final int COMPILERS_NICE = 5;

  /// HotSpot's compiler threads, by as much of their names as the kernel keeps.
  private static final Set<String> COMPILERS = Set.of("C1 CompilerThre", "C2 CompilerThre");

  private static final Path THREADS = Path.of("/proc/self/task");

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
    return giveWay(CALLING_THREAD, NICE);
  }

  /// Lets other threads go before those that compile this process's code: a guest that waits for a
  /// processor would wait for some milliseconds where a compiler has it. Compiler threads that
  /// HotSpot adds later are started by these, and follow them.
  ///
  /// @return how many do so now
  public static int compilersYield() {
    int yielding = 0;
    try (DirectoryStream<Path> threads = Files.newDirectoryStream(THREADS)) {
      for (Path thread : threads) {
        if (compiles(thread)
            && giveWay(Integer.parseInt(thread.getFileName().toString()), COMPILERS_NICE)) {
          yielding++;
        }
      }
    } catch (IOException | DirectoryIteratorException unreadable) {
      // Without /proc the compilers are as quick as everyone.
    }
    return yielding;
  }

  private static boolean compiles(Path thread) {
    try {
      return COMPILERS.contains(Files.readString(thread.resolve("comm")).strip());
    } catch (IOException ended) {
      return false;
    }
  }

  private static boolean giveWay(int thread, int nice) {
    try {
      int now = (int) GETPRIORITY.invokeExact(PRIO_PROCESS, thread);
      return now >= nice || (int) SETPRIORITY.invokeExact(PRIO_PROCESS, thread, nice) == 0;
    } catch (Error | RuntimeException failed) {
      throw failed;
    } catch (Throwable impossible) {
      throw new AssertionError("they throw nothing", impossible);
    }
  }
}
