// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/// Keeps the beginning of a stream and drains the rest, on a thread of its own, so that the program
/// that writes never waits.
final class BoundedOutput {
  private static final int CHUNK_BYTES = 8192;

  private final InputStream source;
  private final int maxBytes;
  private final Thread reader;

  /// Guarded by `this`.
  private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

  /// Guarded by `this`.
  private boolean truncated;

  BoundedOutput(InputStream source, int maxBytes) {
    this.source = source;
    this.maxBytes = maxBytes;
    this.reader = Thread.ofVirtual().name("process-output").start(this::drain);
  }

  /// Waits for the end of the stream. A grandchild that outlived the program may hold the stream
  /// open: then what came so far is what there is.
  void finish(Duration limit) throws InterruptedException {
    reader.join(limit);
  }

  synchronized String text() {
    return kept.toString(StandardCharsets.UTF_8);
  }

  synchronized boolean truncated() {
    return truncated;
  }

  private void drain() {
    byte[] chunk = new byte[CHUNK_BYTES];
    try {
      for (int read = source.read(chunk); read >= 0; read = source.read(chunk)) {
        keep(chunk, read);
      }
    } catch (IOException ended) {
      // The runner closed the stream of a program that it killed: nothing more can come.
    }
  }

  private synchronized void keep(byte[] chunk, int count) {
    int room = Math.min(count, maxBytes - kept.size());
    kept.write(chunk, 0, room);
    truncated |= room < count;
  }
}
