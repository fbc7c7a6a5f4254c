// SPDX-License-Identifier: Apache-2.0
package io.strata.block.sim;

import io.strata.block.Container;
import io.strata.block.ExtentVisitor;
import io.strata.block.WriteQueue;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.Optional;

/// A container whose I/O fails as a plan says.
///
/// Until a flush it keeps what changes replaced, so that a failed flush can lose them. A write that
/// is durable on return makes the earlier ones durable too.
public final class FaultContainer implements Container {
  private static final int TRANSFER_BYTES = 64 << 10;

  private final Container target;
  private final FaultPlan plan;
  private final UndoLog undo;

  /// A container that fails.
  public FaultContainer(Container target, FaultPlan plan) {
    this(target, plan, new UndoLog(target));
  }

  private FaultContainer(Container target, FaultPlan plan, UndoLog undo) {
    this.target = target;
    this.plan = plan;
    this.undo = undo;
  }

  /// Another handle on the same container, which fails and loses power together with this one. The
  /// target of this one stays open for that.
  ///
  /// @param handle another handle on this one's target
  public FaultContainer reopen(Container handle) {
    return new FaultContainer(handle, plan, undo);
  }

  /// Loses what was not flushed: the power went. Growth stays.
  public void losePower() throws IOException {
    undo.rollBack();
  }

  @Override
  public long sizeBytes() {
    return target.sizeBytes();
  }

  @Override
  public boolean readOnly() {
    return target.readOnly();
  }

  @Override
  public void read(long offsetBytes, ByteBuffer destination) throws IOException {
    Optional<Fault> fault = failing(IoKind.READ, offsetBytes, destination.remaining());
    int start = destination.position();
    target.read(offsetBytes, destination);
    int length = destination.position() - start;
    if (fault.isPresent() && fault.get() == Fault.BIT_FLIP && length > 0) {
      int at = start + (int) plan.below(length);
      destination.put(at, (byte) (destination.get(at) ^ (1 << plan.below(8))));
    }
  }

  @Override
  public long transferTo(long offsetBytes, long lengthBytes, WritableByteChannel channel)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(lengthBytes, TRANSFER_BYTES));
    read(offsetBytes, bytes);
    return channel.write(bytes.flip());
  }

  /// Everything: what is sent so fails as what is read does.
  @Override
  public long transferable(long offsetBytes, long lengthBytes) {
    return lengthBytes;
  }

  @Override
  public void write(long offsetBytes, ByteBuffer source, Durability durability) throws IOException {
    Optional<Fault> fault = failing(IoKind.WRITE, offsetBytes, source.remaining());
    if (!target.readOnly()) {
      undo.keep(offsetBytes, source.remaining());
    }
    switch (fault.orElse(Fault.STALL)) {
      case SHORT_WRITE -> failShort(offsetBytes, source);
      case TORN_WRITE -> failTorn(offsetBytes, source);
      case LOST_WRITE -> source.position(source.limit());
      case MISDIRECTED_WRITE -> misdirect(source, durability);
      case EIO, ENOSPC, BIT_FLIP, STALL -> target.write(offsetBytes, source, durability);
    }
    completed(durability);
  }

  @Override
  public void flush() throws IOException {
    try {
      failing(IoKind.FLUSH, 0, 0);
    } catch (IOException failed) {
      undo.rollBack();
      throw failed;
    }
    target.flush();
    undo.forget();
  }

  @Override
  public void discard(long offsetBytes, long lengthBytes) throws IOException {
    failing(IoKind.DISCARD, offsetBytes, lengthBytes);
    if (!target.readOnly()) {
      undo.keep(offsetBytes, lengthBytes);
    }
    target.discard(offsetBytes, lengthBytes);
  }

  @Override
  public void writeZeroes(
      long offsetBytes, long lengthBytes, Zeroing zeroing, Durability durability)
      throws IOException {
    failing(IoKind.ZERO, offsetBytes, lengthBytes);
    if (!target.readOnly()) {
      undo.keep(offsetBytes, lengthBytes);
    }
    target.writeZeroes(offsetBytes, lengthBytes, zeroing, durability);
    completed(durability);
  }

  @Override
  public boolean fastZeroes(Zeroing zeroing) {
    return target.fastZeroes(zeroing);
  }

  @Override
  public void extents(long offsetBytes, long lengthBytes, ExtentVisitor visitor)
      throws IOException {
    target.extents(offsetBytes, lengthBytes, visitor);
  }

  @Override
  public void ensureCapacity(long sizeBytes) throws IOException {
    if (sizeBytes > target.sizeBytes()) {
      failing(IoKind.GROW, target.sizeBytes(), sizeBytes - target.sizeBytes());
    }
    target.ensureCapacity(sizeBytes);
  }

  @Override
  public long growthStepBytes() {
    return target.growthStepBytes();
  }

  @Override
  public long physicalBytes() throws IOException {
    return target.physicalBytes();
  }

  /// Direct writes fail when they are drained.
  @Override
  public Optional<WriteQueue> directWrites() {
    return target.readOnly() ? Optional.empty() : Optional.of(new HeldWriteQueue(this, () -> true));
  }

  @Override
  public String location() {
    return target.location();
  }

  @Override
  public void close() throws IOException {
    target.close();
  }

  private Optional<Fault> failing(IoKind kind, long offsetBytes, long lengthBytes)
      throws IOException {
    return plan.strike(kind, target.location(), offsetBytes, lengthBytes);
  }

  private void completed(Durability durability) {
    if (durability == Durability.FUA) {
      undo.forget();
    }
  }

  private void failShort(long offsetBytes, ByteBuffer source) throws IOException {
    long sectors = plan.below(Math.ceilDiv(source.remaining(), Page.SECTOR_BYTES) + 1L);
    long end = (offsetBytes / Page.SECTOR_BYTES + sectors) * Page.SECTOR_BYTES;
    int length = Math.clamp(end - offsetBytes, 0, source.remaining());
    target.write(offsetBytes, source.slice(source.position(), length), Durability.WRITE_BACK);
    throw failure("Input/output error after " + length + " bytes", IoKind.WRITE);
  }

  private void failTorn(long offsetBytes, ByteBuffer source) throws IOException {
    int at = 0;
    while (at < source.remaining()) {
      int toBoundary = Page.SECTOR_BYTES - (int) ((offsetBytes + at) % Page.SECTOR_BYTES);
      int length = Math.min(source.remaining() - at, toBoundary);
      if (plan.below(2) == 0) {
        ByteBuffer sector = source.slice(source.position() + at, length);
        target.write(offsetBytes + at, sector, Durability.WRITE_BACK);
      }
      at += length;
    }
    throw failure("Input/output error", IoKind.WRITE);
  }

  private void misdirect(ByteBuffer source, Durability durability) throws IOException {
    long places = (target.sizeBytes() - source.remaining()) / Page.SECTOR_BYTES;
    long elsewhere = places <= 0 ? 0 : plan.below(places + 1) * Page.SECTOR_BYTES;
    plan.landed(elsewhere);
    undo.keep(elsewhere, source.remaining());
    target.write(elsewhere, source, durability);
  }

  private IOException failure(String reason, IoKind kind) {
    return new IOException(reason + ": " + kind + " of " + target.location());
  }
}
