// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.host.Processor;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/// Copies of which nobody waits for the end. They get the processor while guests' requests don't
/// need it: on a thread of their own, since a thread that gave its priority up can't take it back.
final class BackgroundCopy {
  private BackgroundCopy() {}

  /// A copy.
  @FunctionalInterface
  interface Copy {
    void run() throws IOException;
  }

  /// Returns when the copy has ended. Not to be interrupted: that would close the files in hand.
  static void run(Copy copy) throws IOException {
    CompletableFuture<@Nullable Void> ended = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .name("background-copy")
        .start(() -> {
          try {
            Processor.yieldToOthers();
            copy.run();
            ended.complete(null);
          } catch (IOException | RuntimeException | Error failed) {
            ended.completeExceptionally(failed);
          }
        });
    try {
      ended.join();
    } catch (CompletionException failed) {
      switch (failed.getCause()) {
        case IOException refused -> throw refused;
        case RuntimeException bug -> throw bug;
        case Error fatal -> throw fatal;
        case null, default -> throw failed;
      }
    }
  }
}
