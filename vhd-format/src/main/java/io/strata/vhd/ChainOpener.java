// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import io.strata.block.Container;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Opens the images of a chain one after another, and refuses chains that can't be right.
final class ChainOpener {
  private ChainOpener() {}

  /// The images, leaf first. Everything is closed if this fails, the leaf too.
  static List<Layer> open(Container leaf, ParentResolver resolver) throws IOException {
    List<Layer> layers = new ArrayList<>();
    Container next = leaf;
    try {
      Set<UUID> seen = new HashSet<>();
      while (next != null) {
        Layer layer = Layer.open(next);
        layers.add(layer);
        Container opened = next;
        next = null;
        if (!seen.add(layer.uuid())) {
          throw new VhdRejectedException(
              leaf.location() + " depends on itself: its chain meets " + layer.uuid() + " twice");
        }
        if (layers.size() > VhdChain.MOST_LAYERS) {
          throw new VhdRejectedException(
              leaf.location() + " has more than " + VhdChain.MOST_LAYERS + " parents");
        }
        if (layers.size() > 1) {
          Layer child = layers.get(layers.size() - 2);
          checkParent(child, child.parent().orElseThrow(), layer);
        }
        Optional<ParentLink> link = layer.parent();
        if (link.isPresent()) {
          if (link.get().raw()) {
            throw new VhdRejectedException(
                opened.location()
                    + " names a raw disk as its parent; only VHDs, found by UUID, are opened");
          }
          next = resolver.open(link.get(), opened.location());
        }
      }
      return layers;
    } catch (IOException | RuntimeException e) {
      if (next != null) {
        next.close();
      }
      closeAll(layers, e);
      throw e;
    }
  }

  /// Throws unless `parent` is what the child was made over.
  static void checkParent(Layer child, ParentLink link, Layer parent) throws VhdRejectedException {
    String childAt = child.container().location();
    String parentAt = parent.container().location();
    if (!parent.uuid().equals(link.uuid())) {
      throw new VhdRejectedException(
          childAt
              + " needs the parent "
              + link.uuid()
              + ", but "
              + parentAt
              + " is "
              + parent.uuid());
    }
    if (parent.sizeBytes() > child.sizeBytes()) {
      throw new VhdRejectedException(
          parentAt
              + " is larger ("
              + parent.sizeBytes()
              + " bytes) than its child "
              + childAt
              + " ("
              + child.sizeBytes()
              + " bytes)");
    }
    int now = parent.metadata().footer().timestamp();
    if (Integer.compareUnsigned(now, link.timestamp()) > 0) {
      throw new VhdRejectedException(
          parentAt
              + " was changed after "
              + childAt
              + " was made over it (timestamp "
              + Integer.toUnsignedString(now)
              + ", expected "
              + Integer.toUnsignedString(link.timestamp())
              + ")");
    }
  }

  /// Closes all images; failures are added to `failure`.
  static void closeAll(List<Layer> layers, Exception failure) {
    for (Layer layer : layers) {
      try {
        layer.close();
      } catch (IOException e) {
        failure.addSuppressed(e);
      }
    }
  }

  /// Closes all images, and throws the first failure of all.
  static void closeAll(List<Layer> layers, @Nullable IOException before, String location)
      throws IOException {
    IOException all = new IOException(location + " could not be closed cleanly");
    closeAll(layers, all);
    if (before != null) {
      throw before;
    }
    if (all.getSuppressed().length > 0) {
      throw all;
    }
  }
}
