// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import io.strata.block.Container;
import io.strata.vhd.ParentLink;
import io.strata.vhd.ParentResolver;
import io.strata.vhd.VhdChain;
import io.strata.vhd.VhdCorruptException;
import io.strata.vhd.VhdInfo;
import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/// Walks over the parents of an image, one open at a time; each is checked by itself too, where the
/// whole chain is looked at.
final class ChainCheck {
  /// Longest chain that other programs of the field snapshot.
  private static final int USUAL_LAYERS = 30;

  private final Subject subject;
  private final CheckOptions options;
  private final ParentResolver resolver;
  private final Set<UUID> seen = new HashSet<>();
  private int depth = 1;

  ChainCheck(Subject subject, CheckOptions options, ParentResolver resolver) {
    this.subject = subject;
    this.options = options;
    this.resolver = resolver;
  }

  /// An image of the chain, as far as its child's check needs it.
  private record Link(String location, long headerAt, long diskBytes, ParentLink parent) {}

  /// @return images in the chain, as far as they could be opened
  int run(RawFooter footer, RawHeader header) throws IOException {
    seen.add(footer.uuid());
    Optional<Link> next =
        Optional.of(
            new Link(
                subject.container().location(),
                header.offsetBytes(),
                footer.diskBytes(),
                new ParentLink(
                    header.parentUuid(),
                    header.parentTimestamp(),
                    header.parentName(),
                    List.of())));
    do {
      next = follow(next.get());
    } while (options.wholeChain() && next.isPresent());
    if (depth > USUAL_LAYERS) {
      subject.add(new ChainFinding.ChainLong(subject.at(0), depth, USUAL_LAYERS));
    }
    return depth;
  }

  private Optional<Link> follow(Link child) throws IOException {
    Where where = Where.at(child.location(), child.headerAt() + VhdLayout.HEADER_PARENT_UUID_AT);
    String wanted = child.parent().uuid().toString();
    if (child.parent().raw()) {
      subject.add(new ChainFinding.ParentRaw(where));
      return Optional.empty();
    }
    if (depth >= VhdChain.MOST_LAYERS) {
      subject.add(new ChainFinding.ChainTooDeep(where, VhdChain.MOST_LAYERS));
      return Optional.empty();
    }
    Container parent;
    try {
      parent = resolver.open(child.parent(), child.location());
    } catch (IOException e) {
      subject.add(new ChainFinding.ParentRefused(where, wanted, message(e)));
      return Optional.empty();
    }
    try (parent) {
      return parent(where, child, parent);
    }
  }

  private Optional<Link> parent(Where where, Link child, Container parent) throws IOException {
    UUID wanted = child.parent().uuid();
    Optional<RawFooter> footer = footer(parent);
    VhdInfo info;
    try {
      info = VhdInfo.read(parent);
    } catch (VhdCorruptException e) {
      boolean itself = footer.map(RawFooter::uuid).filter(wanted::equals).isPresent();
      if (options.wholeChain() && itself && seen.add(wanted)) {
        // What keeps it from being opened is among what a check of it by itself finds.
        VhdChecker.alone(subject.with(parent), options);
      } else {
        subject.add(new ChainFinding.ParentCorrupt(where, wanted.toString(), message(e)));
      }
      return Optional.empty();
    }
    depth++;
    if (!fits(where, child, parent.location(), info)) {
      return Optional.empty();
    }
    if (options.wholeChain()) {
      VhdChecker.alone(subject.with(parent), options);
    }
    long headerAt = footer.map(RawFooter::dataOffsetBytes).orElse((long) VhdLayout.FOOTER_BYTES);
    return info.parent().map(next -> new Link(parent.location(), headerAt, info.sizeBytes(), next));
  }

  private static Optional<RawFooter> footer(Container image) throws IOException {
    return image.sizeBytes() < VhdLayout.SHORT_FOOTER_BYTES
        ? Optional.empty()
        : RawFooters.read(image).inForce();
  }

  /// @return whether it is the parent that is meant, for the first time in the chain
  private boolean fits(Where where, Link child, String parentAt, VhdInfo parent) {
    ParentLink link = child.parent();
    if (!parent.uuid().equals(link.uuid())) {
      subject.add(
          new ChainFinding.ParentMismatch(where, link.uuid().toString(), parent.uuid().toString()));
      return false;
    }
    if (parent.sizeBytes() > child.diskBytes()) {
      subject.add(
          new ChainFinding.ParentLarger(where, parentAt, parent.sizeBytes(), child.diskBytes()));
    }
    if (Integer.compareUnsigned(parent.timestamp(), link.timestamp()) > 0) {
      subject.add(
          new ChainFinding.ParentChanged(
              where,
              parentAt,
              Integer.toUnsignedLong(link.timestamp()),
              Integer.toUnsignedLong(parent.timestamp())));
    }
    if (!seen.add(parent.uuid())) {
      subject.add(new ChainFinding.ChainLoops(where, parent.uuid().toString()));
      return false;
    }
    return true;
  }

  private static String message(IOException e) {
    String message = e.getMessage();
    return message == null ? e.toString() : message;
  }
}
