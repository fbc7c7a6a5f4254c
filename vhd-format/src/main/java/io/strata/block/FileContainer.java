// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import io.strata.block.Extent.Kind;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/// A regular file as a container: sparse, with holes punched where content goes.
///
/// Symbolic links are not followed. It holds two descriptors, one for the JDK's channel and one for
/// the calls that the JDK lacks. Both are of the same file for good, whatever becomes of its name,
/// since the first is opened through the second.
public final class FileContainer implements Container {
  private static final long GROWTH_STEP_BYTES = 64L << 20;
  private static final int ZEROES_BYTES = 1 << 20;

  private final Path path;
  private final FileChannel channel;
  private final Descriptor descriptor;
  private final boolean readOnly;
  private volatile long sizeBytes;
  private volatile boolean punches = true;
  private volatile boolean zeroesInPlace = true;

  private FileContainer(Path path, FileChannel channel, int fd, boolean readOnly)
      throws IOException {
    this.path = path;
    this.channel = channel;
    descriptor = new Descriptor(fd);
    this.readOnly = readOnly;
    sizeBytes = channel.size();
  }

  /// Makes a new file of length 0, readable and writable by its owner only.
  ///
  /// @throws java.nio.file.FileAlreadyExistsException where the name is taken
  public static FileContainer create(Path path) throws IOException {
    return open(path, LinuxCalls.O_RDWR | LinuxCalls.O_CREAT | LinuxCalls.O_EXCL, false);
  }

  /// Opens an existing regular file for reading and writing.
  public static FileContainer openReadWrite(Path path) throws IOException {
    return open(path, LinuxCalls.O_RDWR, false);
  }

  /// Opens an existing regular file for reading.
  public static FileContainer openReadOnly(Path path) throws IOException {
    return open(path, LinuxCalls.O_RDONLY, true);
  }

  private static FileContainer open(Path path, int flags, boolean readOnly) throws IOException {
    if ((flags & LinuxCalls.O_CREAT) == 0
        && !Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
            .isRegularFile()) {
      throw new FileSystemException(path.toString(), null, "is not a regular file");
    }
    int fd = LinuxCalls.open(path, flags | LinuxCalls.O_NOFOLLOW | LinuxCalls.O_CLOEXEC, 0600);
    try {
      Set<OpenOption> options =
          readOnly
              ? Set.of(StandardOpenOption.READ)
              : Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE);
      FileChannel channel = FileChannel.open(Path.of("/proc/self/fd/" + fd), options);
      return new FileContainer(path, channel, fd, readOnly);
    } catch (IOException | RuntimeException e) {
      LinuxCalls.close(fd);
      throw e;
    }
  }

  @Override
  public long sizeBytes() {
    return sizeBytes;
  }

  @Override
  public boolean readOnly() {
    return readOnly;
  }

  @Override
  public void read(long offsetBytes, ByteBuffer target) throws IOException {
    Objects.checkFromIndexSize(offsetBytes, target.remaining(), sizeBytes);
    long at = offsetBytes;
    while (target.hasRemaining()) {
      int read = channel.read(target, at);
      if (read < 0) {
        throw new EOFException(path + " ends at byte " + at + ": it was made shorter while open");
      }
      at += read;
    }
  }

  @Override
  public void write(long offsetBytes, ByteBuffer source, Durability durability) throws IOException {
    checkChange(offsetBytes, source.remaining());
    long at = offsetBytes;
    while (source.hasRemaining()) {
      at += write(source, at);
    }
    if (durability == Durability.FUA) {
      flush();
    }
  }

  /// The channel's failures do not name the file.
  private int write(ByteBuffer source, long at) throws IOException {
    try {
      return channel.write(source, at);
    } catch (IOException e) {
      if (e.getClass() != IOException.class) {
        throw e;
      }
      FileSystemException named = new FileSystemException(path.toString(), null, e.getMessage());
      named.initCause(e);
      throw named;
    }
  }

  @Override
  public void flush() throws IOException {
    if (!readOnly) {
      channel.force(false);
    }
  }

  @Override
  public void discard(long offsetBytes, long lengthBytes) throws IOException {
    checkChange(offsetBytes, lengthBytes);
    if (lengthBytes > 0) {
      punch(offsetBytes, lengthBytes);
    }
  }

  @Override
  public void writeZeroes(
      long offsetBytes, long lengthBytes, Zeroing zeroing, Durability durability)
      throws IOException {
    checkChange(offsetBytes, lengthBytes);
    boolean done =
        lengthBytes == 0
            || switch (zeroing) {
              case MAY_DEALLOCATE -> punch(offsetBytes, lengthBytes);
              case ALLOCATE -> zeroInPlace(offsetBytes, lengthBytes);
            };
    if (!done) {
      writeZeroBytes(offsetBytes, lengthBytes);
    }
    if (durability == Durability.FUA) {
      flush();
    }
  }

  @Override
  public boolean fastZeroes(Zeroing zeroing) {
    return switch (zeroing) {
      case MAY_DEALLOCATE -> punches;
      case ALLOCATE -> zeroesInPlace;
    };
  }

  @Override
  public void extents(long offsetBytes, long lengthBytes, ExtentVisitor visitor)
      throws IOException {
    Objects.checkFromIndexSize(offsetBytes, lengthBytes, sizeBytes);
    // Never by its name, which may mean another file by now.
    HoleWalk.walk(descriptor, offsetBytes, offsetBytes + lengthBytes, visitor);
  }

  @Override
  public long transferTo(long offsetBytes, long lengthBytes, WritableByteChannel target)
      throws IOException {
    Objects.checkFromIndexSize(offsetBytes, lengthBytes, sizeBytes);
    return channel.transferTo(offsetBytes, lengthBytes, target);
  }

  @Override
  public long transferable(long offsetBytes, long lengthBytes) {
    return lengthBytes;
  }

  @Override
  public void ensureCapacity(long wantedBytes) throws IOException {
    if (readOnly) {
      throw new ReadOnlyDeviceException(location());
    }
    synchronized (this) {
      if (wantedBytes > sizeBytes) {
        // A byte at the end sets the length; what lies before is a hole.
        ByteBuffer last = ByteBuffer.allocate(1);
        while (last.hasRemaining()) {
          write(last, wantedBytes - 1);
        }
        sizeBytes = wantedBytes;
      }
    }
  }

  @Override
  public long growthStepBytes() {
    return GROWTH_STEP_BYTES;
  }

  @Override
  public long physicalBytes() throws IOException {
    return LinuxCalls.allocatedBytes(path);
  }

  @Override
  public void writeback(long offsetBytes, long lengthBytes) {
    if (!readOnly) {
      int _ = wroteBack(offsetBytes, lengthBytes);
    }
  }

  /// An open file is told each error of its writeback once. So this uses one of its own, and the
  /// container's is told by the next flush.
  ///
  /// @return 0, or the error number
  int wroteBack(long offsetBytes, long lengthBytes) {
    int own;
    try {
      own =
          descriptor.use(fd ->
              LinuxCalls.open(
                  Path.of("/proc/self/fd/" + fd), LinuxCalls.O_RDONLY | LinuxCalls.O_CLOEXEC, 0));
    } catch (IOException e) {
      return LinuxCalls.ENOENT;
    }
    try {
      return LinuxCalls.writeback(own, offsetBytes, lengthBytes);
    } finally {
      LinuxCalls.close(own);
    }
  }

  @Override
  public Optional<WriteQueue> directWrites() {
    if (readOnly) {
      return Optional.empty();
    }
    try {
      return descriptor.use(fd -> DirectWriteQueue.open(path, fd, NativeAio::open));
    } catch (IOException closed) {
      return Optional.empty();
    }
  }

  @Override
  public String location() {
    return path.toString();
  }

  /// Takes long where the file lost its last name and was large, for the sake of those who use
  /// others.
  @Override
  public void close() throws IOException {
    OptionalInt given = descriptor.giveUp();
    if (given.isPresent()) {
      try {
        channel.close();
      } finally {
        DeletedFile.close(given.getAsInt(), sizeBytes);
      }
    }
  }

  @Override
  public String toString() {
    return location();
  }

  private void checkChange(long offsetBytes, long lengthBytes) throws IOException {
    Objects.checkFromIndexSize(offsetBytes, lengthBytes, sizeBytes);
    if (readOnly) {
      throw new ReadOnlyDeviceException(location());
    }
  }

  private boolean punch(long offsetBytes, long lengthBytes) throws IOException {
    if (punches) {
      int mode = LinuxCalls.FALLOC_PUNCH_HOLE | LinuxCalls.FALLOC_KEEP_SIZE;
      punches =
          supported(descriptor.use(fd -> LinuxCalls.fallocate(fd, mode, offsetBytes, lengthBytes)));
    }
    return punches;
  }

  private boolean zeroInPlace(long offsetBytes, long lengthBytes) throws IOException {
    if (zeroesInPlace) {
      int mode = LinuxCalls.FALLOC_ZERO_RANGE | LinuxCalls.FALLOC_KEEP_SIZE;
      zeroesInPlace =
          supported(descriptor.use(fd -> LinuxCalls.fallocate(fd, mode, offsetBytes, lengthBytes)));
    }
    return zeroesInPlace;
  }

  private boolean supported(int error) throws IOException {
    return switch (error) {
      case 0 -> true;
      case LinuxCalls.EOPNOTSUPP -> false;
      default -> throw new FileSystemException(path.toString(), null, Errno.text(error));
    };
  }

  private void writeZeroBytes(long offsetBytes, long lengthBytes) throws IOException {
    ByteBuffer zeroes = ByteBuffer.allocateDirect((int) Math.min(lengthBytes, ZEROES_BYTES));
    for (long at = offsetBytes; at < offsetBytes + lengthBytes; ) {
      zeroes.clear().limit((int) Math.min(zeroes.capacity(), offsetBytes + lengthBytes - at));
      at += channel.write(zeroes, at);
    }
  }

  /// Walks the holes and data of a file.
  private static final class HoleWalk {
    static void walk(Descriptor descriptor, long start, long end, ExtentVisitor visitor)
        throws IOException {
      long at = start;
      while (at < end) {
        long data = seek(descriptor, at, LinuxCalls.SEEK_DATA);
        if (data < 0) {
          data = data == -LinuxCalls.ENXIO ? end : at;
        }
        data = Math.min(data, end);
        if (data > at && !visitor.visit(at, data - at, Kind.HOLE)) {
          return;
        }
        if (data >= end) {
          return;
        }
        long hole = seek(descriptor, data, LinuxCalls.SEEK_HOLE);
        hole = hole <= data ? end : Math.min(hole, end);
        if (!visitor.visit(data, hole - data, Kind.DATA)) {
          return;
        }
        at = hole;
      }
    }

    private static long seek(Descriptor descriptor, long offsetBytes, int whence)
        throws IOException {
      return descriptor.use(fd -> LinuxCalls.lseek(fd, offsetBytes, whence));
    }
  }
}
