// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.manager.ProgressListener;
import io.strata.toolstack.ByteSize;
import java.io.PrintStream;
import java.util.Locale;

/// Shows how far a copy is: a bar that moves on a terminal, a line for each tenth elsewhere. For
/// one thread.
final class ProgressLine implements ProgressListener, AutoCloseable {
  private static final int BAR_CELLS = 30;
  private static final long REDRAW_NANOS = 100_000_000L;

  private final String what;
  private final PrintStream screen;
  private final boolean terminal;
  private final long startedNanos;
  private long drawnNanos;
  private long tenths;
  private boolean drawn;

  ProgressLine(String what, PrintStream screen, boolean terminal) {
    this.what = what;
    this.screen = screen;
    this.terminal = terminal;
    this.startedNanos = System.nanoTime();
  }

  @Override
  public void progress(long doneBytes, long totalBytes) {
    if (terminal) {
      draw(doneBytes, totalBytes);
    } else if (totalBytes > 0 && doneBytes * 10 / totalBytes > tenths) {
      tenths = doneBytes * 10 / totalBytes;
      screen.println(what + ": " + tenths * 10 + " % of " + ByteSize.show(totalBytes));
    }
  }

  private void draw(long doneBytes, long totalBytes) {
    long now = System.nanoTime();
    boolean complete = doneBytes == totalBytes;
    if (drawn && !complete && now - drawnNanos < REDRAW_NANOS) {
      return;
    }
    drawnNanos = now;
    drawn = true;
    double seconds = Math.max((now - startedNanos) / 1e9, 0.001);
    double bytesPerSecond = doneBytes / seconds;
    screen.print("\r" + line(doneBytes, totalBytes, bytesPerSecond) + "\u001b[K");
    screen.flush();
  }

  private String line(long doneBytes, long totalBytes, double bytesPerSecond) {
    String rate = ByteSize.show((long) bytesPerSecond) + "/s";
    if (totalBytes <= 0) {
      return what + "  " + ByteSize.show(doneBytes) + "  " + rate;
    }
    int cells = (int) (BAR_CELLS * (double) doneBytes / totalBytes);
    String bar = "#".repeat(cells) + ".".repeat(BAR_CELLS - cells);
    return String.format(
        Locale.ROOT,
        "%s [%s] %3d %%  %s  %s",
        what,
        bar,
        doneBytes * 100 / totalBytes,
        rate,
        timeLeft(totalBytes - doneBytes, bytesPerSecond));
  }

  private static String timeLeft(long bytes, double bytesPerSecond) {
    if (bytesPerSecond < 1) {
      return "";
    }
    long seconds = (long) Math.ceil(bytes / bytesPerSecond);
    return seconds < 60
        ? seconds + " s left"
        : String.format(Locale.ROOT, "%d:%02d min left", seconds / 60, seconds % 60);
  }

  @Override
  public void close() {
    finish();
  }

  /// Ends the bar's line.
  void finish() {
    if (drawn) {
      screen.println();
      drawn = false;
    }
  }
}
