// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.block.BlockDevice;
import io.strata.block.SparseCopy;
import io.strata.catalog.VdiRecord;
import io.strata.spi.StorageException;
import java.io.IOException;
import java.util.Optional;

/// How far a copy is, on storage and in its intent. For the thread that copies.
final class CopyCursor {
  /// After so much was read, what was copied is made durable and recorded.
  private static final long CHECKPOINT_BYTES = 64L << 20;

  private final TransferDisks disks;
  private final CopyRun run;
  private final Intents.Intent intent;
  private long durableBytes;

  /// @param run hears how far the copy is, and says whether to break off
  /// @param durableBytes where to begin
  CopyCursor(TransferDisks disks, CopyRun run, Intents.Intent intent, long durableBytes) {
    this.disks = disks;
    this.run = run;
    this.intent = intent;
    this.durableBytes = durableBytes;
  }

  /// How much is durable in the target and recorded.
  long durableBytes() {
    return durableBytes;
  }

  /// Begins anew: what was copied is gone.
  void rewind() {
    durableBytes = 0;
  }

  /// Copies what is left.
  void copy(CopyIntent copy, VdiRecord source, BlockDevice from, BlockDevice to)
      throws IOException, StorageException {
    long sizeBytes = from.sizeBytes();
    Checkpoints checkpoints = new Checkpoints(to);
    SparseCopy sparse =
        new SparseCopy(
            from,
            to,
            copy.create().isPresent(),
            end -> {
              run.progress(end, sizeBytes);
              checkpoints.copiedTo(end);
            });
    checkpoints.copy = Optional.of(sparse);
    long begin = durableBytes;
    if (copy.base().isEmpty()) {
      sparse.copyFrom(begin);
    } else {
      disks
          .changed(copy.base().get().vdi(), source, Operation.VDI_COPY.verb())
          .ranges((offset, length) -> {
            long at = Math.max(offset, begin);
            if (at < offset + length) {
              sparse.copy(at, offset + length - at);
            }
          });
      run.progress(sizeBytes, sizeBytes);
    }
    checkpoints.record(sizeBytes);
  }

  /// Makes what was copied durable, then records it: never more is recorded than is there.
  private final class Checkpoints {
    private final BlockDevice target;
    private Optional<SparseCopy> copy = Optional.empty();
    private long readBytes;

    private Checkpoints(BlockDevice target) {
      this.target = target;
    }

    private void copiedTo(long endBytes) throws IOException {
      boolean breakOff = !run.wanted();
      long read = copy.map(SparseCopy::readBytes).orElse(0L);
      if (read - readBytes >= CHECKPOINT_BYTES || breakOff) {
        readBytes = read;
        record(endBytes);
      }
      run.checkWanted();
    }

    private void record(long endBytes) throws IOException {
      // Barrier: what is recorded as copied outlives a crash.
      target.flush();
      try {
        intent.reachedAt("copied", endBytes);
      } catch (StorageException e) {
        throw new IOException(e.getMessage(), e);
      }
      durableBytes = endBytes;
    }
  }
}
