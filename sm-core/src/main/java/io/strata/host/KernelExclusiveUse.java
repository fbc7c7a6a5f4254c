// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;

/// Asks the kernel itself: opening a block device with `O_EXCL` and without `O_CREAT` fails with
/// `EBUSY` while it is mounted, swapped to, held by another device or opened so by a program; also
/// where that happened in another mount namespace, which no list shows. Source: open(2).
///
/// One look at a time: while it looks it holds the device itself, for microseconds.
@SuppressWarnings("restricted") // open and close as libc has them
final class KernelExclusiveUse implements ExclusiveUse {
  private static final int O_RDONLY = 0;
  private static final int O_EXCL = 0x80;
  private static final int O_NONBLOCK = 0x800;
  private static final int O_CLOEXEC = 0x80000;
  private static final int FLAGS = O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC;
  private static final int EBUSY = 16;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final MethodHandle OPEN =
      LINKER.downcallHandle(
          LINKER.defaultLookup().findOrThrow("open"),
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
          Linker.Option.firstVariadicArg(2),
          Linker.Option.captureCallState("errno"));
  private static final MethodHandle CLOSE =
      LINKER.downcallHandle(
          LINKER.defaultLookup().findOrThrow("close"),
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

  @Override
  public boolean of(Path device) {
    synchronized (KernelExclusiveUse.class) {
      return refused(device);
    }
  }

  private static boolean refused(Path device) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      int descriptor = (int) OPEN.invokeExact(state, arena.allocateFrom(device.toString()), FLAGS);
      if (descriptor < 0) {
        return (int) ERRNO.get(state, 0L) == EBUSY;
      }
      int _ = (int) CLOSE.invokeExact(descriptor);
      return false;
    } catch (Error | RuntimeException failed) {
      throw failed;
    } catch (Throwable impossible) {
      throw new AssertionError("open and close throw nothing", impossible);
    }
  }
}
