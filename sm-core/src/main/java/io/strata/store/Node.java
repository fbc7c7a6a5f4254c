// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.block.Container;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import io.strata.spi.Volume.Kind;
import io.strata.vhd.ParentLink;
import io.strata.vhd.VhdInfo;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;
import java.util.UUID;

/// One volume of a store, as its own container tells it.
///
/// @param container equal for the nodes that are names of one container: see
///   [ContainerStore#identity]
/// @param info the VHD's metadata; empty in raw volumes and in VHDs that can't be read
/// @param problem why its own metadata can't be read
record Node(
    VdiUuid vdi,
    Object container,
    Kind kind,
    long sizeBytes,
    long physicalBytes,
    Optional<VhdInfo> info,
    Optional<String> problem) {

  /// Reads a volume's container. A broken one is a node with a problem.
  ///
  /// @throws NoSuchFileException where it is not there (any more)
  static Node read(ContainerStore store, VolumeName name) throws IOException {
    Object identity = store.identity(name.text());
    try (Container container = store.open(name.text(), false)) {
      if (name.kind() == Kind.RAW) {
        return new Node(
            name.vdi(),
            identity,
            Kind.RAW,
            container.sizeBytes(),
            container.physicalBytes(),
            Optional.empty(),
            Optional.empty());
      }
      return vhd(name, identity, container);
    } catch (NoSuchFileException absent) {
      throw absent;
    } catch (IOException broken) {
      return broken(name, identity, 0, broken);
    }
  }

  private static Node vhd(VolumeName name, Object identity, Container container)
      throws IOException {
    long physicalBytes = container.physicalBytes();
    try {
      VhdInfo info = VhdInfo.read(container);
      return new Node(
          name.vdi(),
          identity,
          Kind.VHD,
          info.sizeBytes(),
          physicalBytes,
          Optional.of(info),
          Optional.empty());
    } catch (IOException broken) {
      return broken(name, identity, physicalBytes, broken);
    }
  }

  private static Node broken(
      VolumeName name, Object identity, long physicalBytes, IOException why) {
    String problem = why.getMessage() == null ? why.toString() : why.getMessage();
    return new Node(
        name.vdi(),
        identity,
        name.kind(),
        0,
        physicalBytes,
        Optional.empty(),
        Optional.of(problem));
  }

  Node withProblem(String text) {
    return new Node(vdi, container, kind, sizeBytes, physicalBytes, info, Optional.of(text));
  }

  String name() {
    return VolumeName.of(vdi, kind);
  }

  /// Identity of the VHD itself, which it keeps when its name moves.
  Optional<UUID> uuid() {
    return info.map(VhdInfo::uuid);
  }

  Optional<ParentLink> parent() {
    return info.flatMap(VhdInfo::parent);
  }

  boolean hidden() {
    return info.map(VhdInfo::hidden).orElse(false);
  }

  /// Whether both say the same, but for the space that they take.
  boolean tells(Node other) {
    return vdi.equals(other.vdi)
        && container.equals(other.container)
        && kind == other.kind
        && sizeBytes == other.sizeBytes
        && info.equals(other.info)
        && problem.equals(other.problem);
  }

  /// Whether both are names of one VHD.
  boolean sameVhd(Node other) {
    return uuid().isPresent() && uuid().equals(other.uuid());
  }

  Volume volume(Optional<VdiUuid> parentVdi, Optional<String> chainProblem) {
    return new Volume(
        vdi,
        kind,
        sizeBytes,
        physicalBytes,
        hidden(),
        parentVdi,
        version(),
        problem.or(() -> chainProblem));
  }

  /// Another one for another VHD, another size, and content that was changed: the first change
  /// after each opening moves the timestamp on.
  String version() {
    return info.map(i -> i.uuid() + "@" + Integer.toUnsignedString(i.timestamp()) + "+" + sizeBytes)
        .orElse("");
  }
}
