// SPDX-License-Identifier: Apache-2.0
package io.strata.block.sim;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Sparse bytes in pages, perhaps copied lazily from other bytes below.
///
/// Bytes that are given as a base must not change while others lie over them.
final class PagedBytes {
  private static final int MAX_SPARES = 64;

  private final @Nullable PagedBytes base;
  private final byte fill;

  /// A page of it.
  private final byte[] filling;

  // Guarded by this.
  private @Nullable Page[] pages = new @Nullable Page[64];
  private int[] touched = new int[64];
  private int touchedCount;

  /// Pages that were zeroed before anybody wrote them, and are not in `pages`.
  private final BitSet holes = new BitSet();

  private final List<Page> spares = new ArrayList<>();
  private long sizeBytes;
  private long allocatedPages;

  /// Bytes that nobody wrote yet; what is read before it is written is `fill`.
  PagedBytes(byte fill) {
    this.base = null;
    this.fill = fill;
    this.filling = fill == 0 ? Page.HOLE.bytes : Page.unwritten(fill).bytes;
  }

  /// A copy of other bytes that shares their pages.
  PagedBytes(PagedBytes base) {
    this.base = base;
    this.fill = base.fill;
    this.filling = base.filling;
    this.sizeBytes = base.sizeBytes();
    this.allocatedPages = base.allocatedPages();
  }

  /// Forgets every change since this copy was made.
  synchronized void reset() {
    for (int i = 0; i < touchedCount; i++) {
      Page page = pages[touched[i]];
      if (page != null && page != Page.HOLE && spares.size() < MAX_SPARES) {
        spares.add(page);
      }
      pages[touched[i]] = null;
    }
    touchedCount = 0;
    holes.clear();
    sizeBytes = base == null ? 0 : base.sizeBytes();
    allocatedPages = base == null ? 0 : base.allocatedPages();
  }

  synchronized long sizeBytes() {
    return sizeBytes;
  }

  /// Sets the size; what lies beyond a smaller one is forgotten.
  synchronized void resize(long newSizeBytes) {
    if (newSizeBytes < sizeBytes) {
      forget(newSizeBytes, sizeBytes - newSizeBytes);
    }
    sizeBytes = newSizeBytes;
  }

  synchronized void read(long offsetBytes, ByteBuffer target) {
    long offset = offsetBytes;
    while (target.hasRemaining()) {
      int inPage = (int) (offset % Page.SIZE_BYTES);
      int length = Math.min(target.remaining(), Page.SIZE_BYTES - inPage);
      Page page = find((int) (offset / Page.SIZE_BYTES));
      target.put(page == null ? filling : page.bytes, inPage, length);
      offset += length;
    }
  }

  synchronized void write(long offsetBytes, ByteBuffer source) {
    long offset = offsetBytes;
    while (source.hasRemaining()) {
      int inPage = (int) (offset % Page.SIZE_BYTES);
      int length = Math.min(source.remaining(), Page.SIZE_BYTES - inPage);
      Page page = own((int) (offset / Page.SIZE_BYTES));
      source.get(page.bytes, inPage, length);
      page.markWritten(inPage, length);
      offset += length;
    }
  }

  /// Zeroes the range; whole pages give their space back where `punch` says so.
  synchronized void zero(long offsetBytes, long lengthBytes, boolean punch) {
    long offset = offsetBytes;
    long end = offsetBytes + lengthBytes;
    while (offset < end) {
      int index = (int) (offset / Page.SIZE_BYTES);
      int inPage = (int) (offset % Page.SIZE_BYTES);
      int length = (int) Math.min(end - offset, Page.SIZE_BYTES - inPage);
      zeroPage(index, inPage, length, punch);
      offset += length;
    }
  }

  /// Fills those sectors of the range that were never written.
  synchronized void fillUnwritten(long offsetBytes, long lengthBytes, byte value) {
    long offset = offsetBytes;
    long end = offsetBytes + lengthBytes;
    while (offset < end) {
      int inPage = (int) (offset % Page.SIZE_BYTES);
      int length = (int) Math.min(end - offset, Page.SIZE_BYTES - inPage);
      int index = (int) (offset / Page.SIZE_BYTES);
      if (find(index) != null || !isHole(index)) {
        own(index).fillUnwritten(inPage, length, value);
      }
      offset += length;
    }
  }

  /// Whether the page holds bytes of its own; a hole, or one that was never written, does not.
  synchronized boolean allocated(long offsetBytes) {
    Page page = find((int) (offsetBytes / Page.SIZE_BYTES));
    return page == null ? fill != 0 : page != Page.HOLE;
  }

  private void zeroPage(int index, int inPage, int length, boolean punch) {
    if (punch && length == Page.SIZE_BYTES) {
      if (fill != 0 || find(index) != null) {
        put(index, Page.HOLE);
      } else {
        holes.set(index);
      }
      return;
    }
    Page page = own(index);
    Arrays.fill(page.bytes, inPage, inPage + length, (byte) 0);
    page.markWritten(inPage, length);
  }

  /// Bytes of the pages that hold something.
  synchronized long physicalBytes() {
    return fill == 0 ? allocatedPages * Page.SIZE_BYTES : sizeBytes;
  }

  private synchronized long allocatedPages() {
    return allocatedPages;
  }

  private void forget(long offsetBytes, long lengthBytes) {
    long offset = offsetBytes;
    long end = offsetBytes + lengthBytes;
    while (offset < end) {
      int index = (int) (offset / Page.SIZE_BYTES);
      int inPage = (int) (offset % Page.SIZE_BYTES);
      int length = (int) Math.min(end - offset, Page.SIZE_BYTES - inPage);
      if (find(index) != null) {
        if (inPage == 0) {
          put(index, Page.unwritten(fill));
        } else {
          Arrays.fill(own(index).bytes, inPage, inPage + length, fill);
        }
      }
      offset += length;
    }
  }

  private static int grownLength(int length, int index) {
    int grown = length;
    while (grown <= index) {
      grown = Math.multiplyExact(grown, 2);
    }
    return grown;
  }

  private @Nullable Page find(int index) {
    Page page = index < pages.length ? pages[index] : null;
    return page == null && base != null ? base.find(index) : page;
  }

  private Page own(int index) {
    Page page = index < pages.length ? pages[index] : null;
    if (page != null && page != Page.HOLE) {
      return page;
    }
    Page below = find(index);
    if (below == null && isHole(index)) {
      below = Page.HOLE;
    }
    return put(index, below == null ? Page.unwritten(fill) : copyOf(below));
  }

  private boolean isHole(int index) {
    return holes.get(index) || (base != null && base.isHole(index));
  }

  private Page copyOf(Page page) {
    if (spares.isEmpty()) {
      return page.copy();
    }
    Page copy = spares.removeLast();
    copy.become(page);
    return copy;
  }

  private Page put(int index, Page page) {
    Page before = find(index);
    allocatedPages += (page == Page.HOLE ? 0 : 1) - (before == null || before == Page.HOLE ? 0 : 1);
    if (index >= pages.length) {
      pages = Arrays.copyOf(pages, grownLength(pages.length, index));
    }
    if (pages[index] == null) {
      if (touchedCount == touched.length) {
        touched = Arrays.copyOf(touched, touched.length * 2);
      }
      touched[touchedCount++] = index;
    }
    pages[index] = page;
    return page;
  }
}
