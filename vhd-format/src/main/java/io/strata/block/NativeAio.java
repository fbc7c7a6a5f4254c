// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/// The kernel's asynchronous I/O, by syscall(2): libc has no functions for it.
final class NativeAio implements Aio {
  private static final MethodHandle SYSCALL =
      LinuxCalls.handle(
          "syscall",
          FunctionDescriptor.of(
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG),
          Linker.Option.firstVariadicArg(1));

  /// Numbers of the system calls on x86-64. Source: the kernel's syscall_64.tbl.
  private static final int IO_SETUP = 206;

  private static final int IO_DESTROY = 207;
  private static final int IO_GETEVENTS = 208;
  private static final int IO_SUBMIT = 209;

  /// Where the kernel's calls leave their error number. Its memory outlives the context, which is
  /// released some time after its last use.
  private final MemorySegment state = Arena.ofAuto().allocate(LinuxCalls.STATE);

  private final long context;

  private NativeAio(long context) {
    this.context = context;
  }

  /// A context, or none where the kernel has none left (`/proc/sys/fs/aio-max-nr`). On x86-64 only.
  ///
  /// @param depth how many writes the kernel may have at once
  static Optional<Aio> open(int depth) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(LinuxCalls.STATE);
      MemorySegment context = arena.allocate(ValueLayout.JAVA_LONG);
      long result = call(state, IO_SETUP, depth, context.address(), 0, 0);
      return result == 0
          ? Optional.of(new NativeAio(context.get(ValueLayout.JAVA_LONG, 0)))
          : Optional.empty();
    }
  }

  @Override
  public int submit(WriteBatch batch, int fromWrite, int count) {
    long pointers = batch.pointersFrom(fromWrite);
    return (int) call(state, IO_SUBMIT, context, count, pointers, 0);
  }

  @Override
  public int await(int least, MemorySegment events) {
    long most = events.byteSize() / EVENT_BYTES;
    return (int) call(state, IO_GETEVENTS, context, least, most, events.address());
  }

  @Override
  public void close() {
    long _ = call(state, IO_DESTROY, context, 0, 0, 0);
  }

  /// @return what the call returns, or the negated error number
  private static long call(
      MemorySegment state, long number, long first, long second, long third, long fourth) {
    try {
      long result;
      do {
        result = (long) SYSCALL.invokeExact(state, number, first, second, third, fourth, 0L);
        result = result < 0 ? -LinuxCalls.errno(state) : result;
      } while (result == -LinuxCalls.EINTR);
      return result;
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }
}
