// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.ReadableByteChannel;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// What the NBD server does for a request beside the device's work: taking requests out of a burst
/// of 32, and writing their replies into a batch.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ParseBenchmark {
  private static final int BURST = 32;

  private final RequestBuffer requests = new RequestBuffer(new Requests(), ByteBuffer.allocate(0));
  private final ReplyBatch replies = new ReplyBatch(new Sink(), true);
  private int count;

  @Benchmark
  public long parseRequest() throws IOException {
    if (!requests.await(NbdWire.REQUEST_BYTES)) {
      throw new IOException("the requests never end");
    }
    long read =
        requests.intAt(0)
            + requests.shortAt(NbdWire.REQUEST_FLAGS)
            + requests.shortAt(NbdWire.REQUEST_TYPE)
            + requests.longAt(NbdWire.REQUEST_COOKIE)
            + requests.longAt(NbdWire.REQUEST_OFFSET)
            + requests.intAt(NbdWire.REQUEST_LENGTH);
    requests.skip(NbdWire.REQUEST_BYTES);
    return read;
  }

  @Benchmark
  public void replyToRead() throws IOException {
    ByteBuffer room = replies.payloadRoom(4096);
    room.putLong(count);
    replies.readReply(count, 4096, 4096, true);
    if (++count % BURST == 0) {
      replies.send();
    }
  }

  /// A client that always has a burst of reads ready.
  private static final class Requests implements ReadableByteChannel {
    private final ByteBuffer burst = ByteBuffer.allocateDirect(BURST * NbdWire.REQUEST_BYTES);

    Requests() {
      for (int i = 0; i < BURST; i++) {
        burst
            .putInt(NbdWire.REQUEST_MAGIC)
            .putShort((short) 0)
            .putShort((short) NbdWire.CMD_READ)
            .putLong(i)
            .putLong(4096L * i)
            .putInt(4096);
      }
    }

    @Override
    public int read(ByteBuffer target) {
      target.put(burst.flip());
      return burst.capacity();
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }

  /// A client that takes everything at once.
  private static final class Sink implements GatheringByteChannel {
    @Override
    public int write(ByteBuffer source) {
      int length = source.remaining();
      source.position(source.limit());
      return length;
    }

    @Override
    public long write(ByteBuffer[] sources) {
      return write(sources, 0, sources.length);
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) {
      long bytes = 0;
      for (int i = offset; i < offset + length; i++) {
        bytes += write(sources[i]);
      }
      return bytes;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }
}
