// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import io.strata.manager.ProgressListener;
import java.io.IOException;

/// One call that is under way: how far it is, and whether anyone still waits for it. Written by the
/// thread that does the work, read by the one that talks to the client.
public final class Call implements ProgressListener {
  private volatile long doneBytes;
  private volatile long totalBytes;
  private volatile boolean reported;
  private volatile boolean abandoned;

  Call() {}

  @Override
  public void progress(long done, long total) {
    totalBytes = total;
    doneBytes = done;
    reported = true;
  }

  /// Bytes that are done.
  public long doneBytes() {
    return doneBytes;
  }

  /// Bytes in all; -1 while unknown.
  public long totalBytes() {
    return totalBytes;
  }

  boolean reported() {
    return reported;
  }

  /// The client is gone.
  void abandon() {
    abandoned = true;
  }

  /// Ends work that nobody waits for.
  ///
  /// @throws IOException once the client is gone
  public void checkWanted() throws IOException {
    if (abandoned) {
      throw new IOException("the client went away");
    }
  }
}
