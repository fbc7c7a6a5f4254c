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
    try {
      layers.add(Layer.open(leaf));
    } catch (IOException | RuntimeException e) {
      leaf.close();
      throw e;
    }
    addParents(layers, resolver);
    return layers;
  }

  /// The parents of an open image, nearest first. They are closed if this fails.
  static List<Layer> openParents(Layer child, ParentResolver resolver) throws IOException {
    List<Layer> layers = new ArrayList<>();
    layers.add(child);
    int own = layers.size();
    try {
      follow(layers, resolver);
    } catch (IOException | RuntimeException e) {
      closeAll(layers.subList(own, layers.size()), e);
      throw e;
    }
    return layers.subList(own, layers.size());
  }

  private static void addParents(List<Layer> layers, ParentResolver resolver) throws IOException {
    try {
      follow(layers, resolver);
    } catch (IOException | RuntimeException e) {
      closeAll(layers, e);
      throw e;
    }
  }

  private static void follow(List<Layer> layers, ParentResolver resolver) throws IOException {
    Layer leaf = layers.getFirst();
    Set<UUID> seen = new HashSet<>();
    seen.add(leaf.uuid());
    Layer child = leaf;
    for (Optional<ParentLink> link = child.parent(); link.isPresent(); link = child.parent()) {
      String childAt = child.container().location();
      if (link.get().raw()) {
        throw new VhdRejectedException(
            childAt + " names a raw disk as its parent; only VHDs, found by UUID, are opened");
      }
      if (!seen.add(link.get().uuid())) {
        throw new VhdRejectedException(
            leaf.container().location()
                + " depends on itself: its chain meets "
                + link.get().uuid()
                + " twice");
      }
      if (layers.size() > VhdChain.MOST_LAYERS) {
        throw new VhdRejectedException(
            leaf.container().location() + " has more than " + VhdChain.MOST_LAYERS + " parents");
      }
      Layer parent = openLayer(resolver.open(link.get(), childAt));
      layers.add(parent);
      checkParent(child, link.get(), parent);
      child = parent;
    }
  }

  private static Layer openLayer(Container container) throws IOException {
    try {
      return Layer.open(container);
    } catch (IOException | RuntimeException e) {
      container.close();
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
