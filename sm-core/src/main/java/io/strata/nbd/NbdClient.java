// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import io.strata.block.BlockDevice;
import io.strata.block.Extent;
import io.strata.block.ExtentVisitor;
import io.strata.block.ReadOnlyDeviceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;

/// A block device at an NBD server, over one connection.
///
/// Long reads and writes are split, with several parts under way at once. A request that gets no
/// answer in time ends the connection: every later request fails, and there is no reconnecting.
/// Owns the connection until [#close].
public final class NbdClient implements BlockDevice {
  private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(90);

  /// How long a part of a long read or write is.
  private static final int PART_BYTES = 1 << 20;

  private static final int PARTS_UNDER_WAY = 8;

  /// Requests without payload are at most this long.
  private static final long RANGE_BYTES = 1L << 30;

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final String location;
  private final ClientConnection connection;
  private final ClientHandshake.Terms terms;

  private NbdClient(String location, ClientConnection.Opened opened) {
    this.location = location;
    this.connection = opened.connection();
    this.terms = opened.terms();
  }

  /// Connects to one export; waits up to 90 s for any answer.
  ///
  /// @param exportName empty for the server's default export
  /// @throws IOException no server answers, or it refuses the export
  public static NbdClient connect(NbdEndpoint endpoint, String exportName) throws IOException {
    return connect(endpoint, exportName, DEFAULT_TIMEOUT);
  }

  /// As [#connect(NbdEndpoint, String)], with a time limit for each answer.
  public static NbdClient connect(NbdEndpoint endpoint, String exportName, Duration timeout)
      throws IOException {
    String location = endpoint.uri(exportName).toString();
    SocketChannel channel = SocketChannel.open(endpoint.address());
    try {
      return new NbdClient(location, ClientConnection.open(channel, exportName, timeout));
    } catch (IOException failure) {
      channel.close();
      throw new IOException(location + ": " + failure.getMessage(), failure);
    }
  }

  @Override
  public long sizeBytes() {
    return terms.sizeBytes();
  }

  @Override
  public boolean readOnly() {
    return terms.has(NbdWire.TRANSMISSION_READ_ONLY);
  }

  @Override
  public void read(long offsetBytes, ByteBuffer target) throws IOException {
    transfer(NbdWire.CMD_READ, 0, offsetBytes, target);
  }

  @Override
  public void write(long offsetBytes, ByteBuffer source, Durability durability) throws IOException {
    requireWritable();
    boolean forced = durability == Durability.FUA && terms.has(NbdWire.TRANSMISSION_SEND_FUA);
    transfer(NbdWire.CMD_WRITE, forced ? NbdWire.CMD_FLAG_FUA : 0, offsetBytes, source);
    flushUnless(forced, durability);
  }

  @Override
  public void flush() throws IOException {
    if (terms.has(NbdWire.TRANSMISSION_SEND_FLUSH)) {
      run(new ClientRequest(NbdWire.CMD_FLUSH, 0, 0, 0, NOTHING));
    }
  }

  @Override
  public void discard(long offsetBytes, long lengthBytes) throws IOException {
    requireWritable();
    requireInside(offsetBytes, lengthBytes);
    if (terms.has(NbdWire.TRANSMISSION_SEND_TRIM)) {
      runOnRange(NbdWire.CMD_TRIM, 0, offsetBytes, lengthBytes);
    }
  }

  @Override
  public void writeZeroes(
      long offsetBytes, long lengthBytes, Zeroing zeroing, Durability durability)
      throws IOException {
    requireWritable();
    requireInside(offsetBytes, lengthBytes);
    if (!terms.has(NbdWire.TRANSMISSION_SEND_WRITE_ZEROES)) {
      writeZeroBytes(offsetBytes, lengthBytes);
      flushUnless(false, durability);
      return;
    }
    boolean forced = durability == Durability.FUA && terms.has(NbdWire.TRANSMISSION_SEND_FUA);
    int flags =
        (forced ? NbdWire.CMD_FLAG_FUA : 0)
            | (zeroing == Zeroing.ALLOCATE ? NbdWire.CMD_FLAG_NO_HOLE : 0);
    runOnRange(NbdWire.CMD_WRITE_ZEROES, flags, offsetBytes, lengthBytes);
    flushUnless(forced, durability);
  }

  private void writeZeroBytes(long offsetBytes, long lengthBytes) throws IOException {
    ByteBuffer zeroes = ByteBuffer.allocate((int) Math.min(lengthBytes, PART_BYTES));
    for (long done = 0; done < lengthBytes; done += zeroes.capacity()) {
      zeroes.clear().limit((int) Math.min(lengthBytes - done, zeroes.capacity()));
      transfer(NbdWire.CMD_WRITE, 0, offsetBytes + done, zeroes);
    }
  }

  private void flushUnless(boolean forced, Durability durability) throws IOException {
    if (durability == Durability.FUA && !forced) {
      flush();
    }
  }

  /// Only a server that can refuse slow zeroes is taken to be fast.
  @Override
  public boolean fastZeroes(Zeroing zeroing) {
    return zeroing == Zeroing.MAY_DEALLOCATE && terms.has(NbdWire.TRANSMISSION_SEND_FAST_ZERO);
  }

  @Override
  public void extents(long offsetBytes, long lengthBytes, ExtentVisitor visitor)
      throws IOException {
    requireInside(offsetBytes, lengthBytes);
    if (!terms.baseAllocation()) {
      boolean _ = lengthBytes == 0 || visitor.visit(offsetBytes, lengthBytes, Extent.Kind.DATA);
      return;
    }
    long at = offsetBytes;
    long end = offsetBytes + lengthBytes;
    while (at < end) {
      for (Extent extent : extentsFrom(at, Math.min(end - at, RANGE_BYTES))) {
        if (!visitor.visit(extent.offsetBytes(), extent.lengthBytes(), extent.kind())) {
          return;
        }
        at = extent.endBytes();
      }
    }
  }

  private List<Extent> extentsFrom(long offsetBytes, long lengthBytes) throws IOException {
    ClientRequest request =
        new ClientRequest(NbdWire.CMD_BLOCK_STATUS, 0, offsetBytes, lengthBytes, NOTHING);
    run(request);
    return request.extents();
  }

  private void requireWritable() throws IOException {
    if (readOnly()) {
      throw new ReadOnlyDeviceException(location);
    }
  }

  private void requireInside(long offsetBytes, long lengthBytes) {
    Objects.checkFromIndexSize(offsetBytes, lengthBytes, sizeBytes());
  }

  private void runOnRange(int type, int flags, long offsetBytes, long lengthBytes)
      throws IOException {
    for (long done = 0; done < lengthBytes; done += RANGE_BYTES) {
      long length = Math.min(lengthBytes - done, RANGE_BYTES);
      run(new ClientRequest(type, flags, offsetBytes + done, length, NOTHING));
    }
  }

  private void run(ClientRequest request) throws IOException {
    connection.send(request);
    connection.await(request);
    request.requireSuccess();
  }

  /// Moves all of a buffer, in parts. Every part has its answer when this returns or throws.
  private void transfer(int type, int flags, long offsetBytes, ByteBuffer data) throws IOException {
    int length = data.remaining();
    requireInside(offsetBytes, length);
    Deque<ClientRequest> underWay = new ArrayDeque<>();
    int done = 0;
    try {
      while (done < length) {
        int part = Math.min(length - done, PART_BYTES);
        ClientRequest request =
            new ClientRequest(
                type, flags, offsetBytes + done, part, data.slice(data.position() + done, part));
        connection.send(request);
        underWay.add(request);
        done += part;
        if (underWay.size() == PARTS_UNDER_WAY) {
          finish(underWay.remove());
        }
      }
      while (!underWay.isEmpty()) {
        finish(underWay.remove());
      }
    } finally {
      for (ClientRequest request : underWay) {
        connection.await(request);
      }
    }
    data.position(data.limit());
  }

  private void finish(ClientRequest request) throws IOException {
    connection.await(request);
    request.requireSuccess();
  }

  @Override
  public void close() throws IOException {
    connection.close();
  }
}
