// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// The few system calls that the JDK does not offer: open(2) with flags, fallocate(2), lseek(2) for
/// holes, sync_file_range(2), fsync(2) of folders, syncfs(2), fstatfs(2), ioctl(2), ftruncate(2),
/// leases and locks by fcntl(2). Linux on 64-bit machines.
final class LinuxCalls {
  static final int O_RDONLY = 0;
  static final int O_RDWR = 2;
  static final int O_CREAT = 0x40;
  static final int O_EXCL = 0x80;
  static final int O_NOFOLLOW = 0x20000;
  static final int O_CLOEXEC = 0x80000;

  /// On x86-64.
  static final int O_DIRECT = 0x4000;

  static final int FALLOC_KEEP_SIZE = 1;
  static final int FALLOC_PUNCH_HOLE = 2;
  static final int FALLOC_ZERO_RANGE = 16;

  /// Write what has changed, and wait for that: all three flags, by which the kernel sends it ahead
  /// of what nobody waits for.
  private static final int SYNC_FILE_RANGE_WRITE_AND_WAIT = 7;

  static final int SEEK_DATA = 3;
  static final int SEEK_HOLE = 4;

  static final int ENOENT = 2;
  static final int EINTR = 4;
  static final int EIO = 5;
  static final int ENXIO = 6;
  static final int EAGAIN = 11;
  static final int EACCES = 13;
  static final int EEXIST = 17;
  static final int EINVAL = 22;
  static final int ENOSPC = 28;
  static final int ELOOP = 40;
  static final int EOPNOTSUPP = 95;

  private static final Linker LINKER = Linker.nativeLinker();
  static final MemoryLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final MethodHandle OPEN =
      handle(
          "open",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.ADDRESS,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT),
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle CLOSE =
      handle("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
  private static final MethodHandle FALLOCATE =
      handle(
          "fallocate",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG));
  private static final MethodHandle LSEEK =
      handle(
          "lseek",
          FunctionDescriptor.of(
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT));

  private static final MethodHandle SYNC_FILE_RANGE =
      handle(
          "sync_file_range",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT));

  private static final MethodHandle FSTATFS =
      handle(
          "fstatfs",
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));

  /// Size of `struct statfs` with room to spare; `f_type` and `f_bsize` come first.
  private static final long STATFS_BYTES = 256;

  private static final long STATFS_BLOCK_BYTES_AT = 8;

  private static final MethodHandle IOCTL =
      handle(
          "ioctl",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG,
              ValueLayout.ADDRESS),
          Linker.Option.firstVariadicArg(2));

  private static final MethodHandle SYNCFS =
      handle("syncfs", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

  private static final MethodHandle FSYNC =
      handle("fsync", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

  private static final MethodHandle FTRUNCATE =
      handle(
          "ftruncate",
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));
  private static final MethodHandle FCNTL =
      handle(
          "fcntl",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT),
          Linker.Option.firstVariadicArg(2));

  private static final MethodHandle FCNTL_LOCK =
      handle(
          "fcntl",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.ADDRESS),
          Linker.Option.firstVariadicArg(2));

  /// `struct flock`: type and whence, then start and length; the rest is zero.
  private static final long FLOCK_BYTES = 32;

  private static final long FLOCK_START_AT = 8;
  private static final long FLOCK_LENGTH_AT = 16;

  private static final int F_OFD_SETLK = 37;
  private static final int F_RDLCK = 0;
  private static final int F_SETLEASE = 1024;
  private static final int F_WRLCK = 1;
  private static final int F_UNLCK = 2;

  private static final MethodHandle LSTAT =
      handle(
          "lstat",
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS));

  /// Size of `struct stat` with room to spare, and where `st_blocks` is in it on x86-64 and arm64.
  private static final long STAT_BYTES = 256;

  private static final long STAT_BLOCKS_AT = 64;
  private static final int STAT_BLOCK_BYTES = 512;

  private LinuxCalls() {}

  /// Bytes of storage that a file takes; a symbolic link is not followed.
  static long allocatedBytes(Path path) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      MemorySegment stat = arena.allocate(STAT_BYTES, Long.BYTES);
      int result = (int) LSTAT.invokeExact(state, arena.allocateFrom(path.toString()), stat);
      if (result != 0) {
        throw openFailure(path, errno(state));
      }
      return stat.get(ValueLayout.JAVA_LONG, STAT_BLOCKS_AT) * STAT_BLOCK_BYTES;
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /// Opens a file.
  ///
  /// @return its descriptor
  static int open(Path path, int flags, int mode) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      int fd = (int) OPEN.invokeExact(state, arena.allocateFrom(path.toString()), flags, mode);
      if (fd < 0) {
        throw openFailure(path, errno(state));
      }
      return fd;
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /// A call that answers 0, or says in `errno` why not.
  @FunctionalInterface
  private interface Call {
    int run(MemorySegment state) throws Throwable;
  }

  /// @return 0, or the error number
  private static int errorOf(Call call) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      return call.run(state) == 0 ? 0 : errno(state);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  static void close(int fd) {
    int _ = errorOf(state -> (int) CLOSE.invokeExact(state, fd));
  }

  /// @return 0, or the error number
  static int fallocate(int fd, int mode, long offsetBytes, long lengthBytes) {
    int error;
    do {
      error =
          errorOf(state -> (int) FALLOCATE.invokeExact(state, fd, mode, offsetBytes, lengthBytes));
    } while (error == EINTR);
    return error;
  }

  /// Locks a range of a file for the open file that a descriptor means; never waits.
  ///
  /// @return 0, or the error number
  static int lock(int fd, long offsetBytes, long lengthBytes, boolean shared) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment flock = arena.allocate(FLOCK_BYTES, Long.BYTES);
      flock.set(ValueLayout.JAVA_SHORT, 0, (short) (shared ? F_RDLCK : F_WRLCK));
      flock.set(ValueLayout.JAVA_LONG, FLOCK_START_AT, offsetBytes);
      flock.set(ValueLayout.JAVA_LONG, FLOCK_LENGTH_AT, lengthBytes);
      return errorOf(state -> (int) FCNTL_LOCK.invokeExact(state, fd, F_OFD_SETLK, flock));
    }
  }

  /// @return the offset found, or the negated error number
  static long lseek(int fd, long offsetBytes, int whence) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      long result = (long) LSEEK.invokeExact(state, fd, offsetBytes, whence);
      return result >= 0 ? result : -errno(state);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /// Writes changed pages of a range, and waits. The descriptor is told what failed, as by
  /// fdatasync, and is not told again: give one that nobody flushes.
  ///
  /// @return 0, or the error number
  static int writeback(int fd, long offsetBytes, long lengthBytes) {
    return errorOf(state ->
        (int)
            SYNC_FILE_RANGE.invokeExact(
                state, fd, offsetBytes, lengthBytes, SYNC_FILE_RANGE_WRITE_AND_WAIT));
  }

  /// The file system of a file.
  ///
  /// @param type its magic number, see linux/magic.h
  record FileSystem(long type, long blockBytes) {}

  /// The file system that holds a file; one of type 0 where it can't be told.
  static FileSystem fileSystem(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment found = arena.allocate(STATFS_BYTES, Long.BYTES);
      int error = errorOf(state -> (int) FSTATFS.invokeExact(state, fd, found));
      return error != 0
          ? new FileSystem(0, 0)
          : new FileSystem(
              found.get(ValueLayout.JAVA_LONG, 0),
              found.get(ValueLayout.JAVA_LONG, STATFS_BLOCK_BYTES_AT));
    }
  }

  /// An ioctl(2) with a structure that it reads and fills.
  ///
  /// @return 0, or the error number
  static int ioctl(int fd, long request, MemorySegment argument) {
    return errorOf(state -> (int) IOCTL.invokeExact(state, fd, request, argument));
  }

  /// @return 0, or the error number
  static int syncfs(int fd) {
    return errorOf(state -> (int) SYNCFS.invokeExact(state, fd));
  }

  /// @return 0, or the error number
  static int fsync(int fd) {
    int error;
    do {
      error = errorOf(state -> (int) FSYNC.invokeExact(state, fd));
    } while (error == EINTR);
    return error;
  }

  /// @return 0, or the error number
  static int ftruncate(int fd, long sizeBytes) {
    return errorOf(state -> (int) FTRUNCATE.invokeExact(state, fd, sizeBytes));
  }

  /// Whether this is the only open description of the file on this host: the kernel gives a write
  /// lease to no other. It is given back at once. False also where the file system has no leases.
  static boolean onlyOpener(int fd) {
    return lease(fd, F_WRLCK) == 0 && lease(fd, F_UNLCK) == 0;
  }

  private static int lease(int fd, int kind) {
    return errorOf(state -> (int) FCNTL.invokeExact(state, fd, F_SETLEASE, kind));
  }

  private static IOException openFailure(Path path, int error) {
    return switch (error) {
      case ENOENT -> new NoSuchFileException(path.toString());
      case EEXIST -> new java.nio.file.FileAlreadyExistsException(path.toString());
      case ELOOP ->
          new FileSystemLoopException(path + " is a symbolic link, which is not followed");
      default -> new FileSystemException(path.toString(), null, Errno.text(error));
    };
  }

  /// The error number that a call left.
  ///
  /// @param state of [#STATE], given to the call
  static int errno(MemorySegment state) {
    return (int) ERRNO.get(state, 0L);
  }

  /// A function of libc, whose first parameter becomes the [#STATE] for its error number.
  @SuppressWarnings("restricted")
  static MethodHandle handle(String name, FunctionDescriptor descriptor, Linker.Option... options) {
    SymbolLookup lookup = LINKER.defaultLookup();
    Linker.Option[] all = java.util.Arrays.copyOf(options, options.length + 1);
    all[options.length] = Linker.Option.captureCallState("errno");
    return LINKER.downcallHandle(lookup.find(name).orElseThrow(), descriptor, all);
  }
}
