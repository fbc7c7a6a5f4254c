// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import io.strata.block.GranuleBitmap;
import io.strata.manager.Attachment;
import io.strata.manager.StorageManager;
import io.strata.manager.VdiAttach;
import io.strata.manager.VdiClone;
import io.strata.manager.VdiCopy;
import io.strata.manager.VdiCreate;
import io.strata.manager.VdiIntroduce;
import io.strata.manager.VdiSnapshot;
import io.strata.spi.AccessMode;
import io.strata.spi.ErrorCode;
import io.strata.spi.Messages;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import io.strata.toolstack.Json;
import java.net.InetSocketAddress;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/// Methods of VDIs, but for images: see [ImageMethods].
final class VdiMethods {
  private final StorageManager manager;

  VdiMethods(StorageManager manager) {
    this.manager = manager;
  }

  void addTo(ApiMethods methods) {
    methods
        .add("vdi.create", (arguments, call) -> create(arguments))
        .add("vdi.clone", (arguments, call) -> cloneVdi(arguments))
        .add("vdi.snapshot", (arguments, call) -> snapshot(arguments))
        .add("vdi.revert", (arguments, call) -> revert(arguments))
        .add("vdi.copy", this::copy)
        .add("vdi.pool-migrate", this::move)
        .add("task.cancel", (arguments, call) -> cancelTask(arguments))
        .add("vdi.resize", (arguments, call) -> resize(arguments))
        .add("vdi.destroy", on(manager::vdiDestroy))
        .add("vdi.enable-cbt", on(manager::vdiEnableCbt))
        .add("vdi.disable-cbt", on(manager::vdiDisableCbt))
        .add("vdi.data-destroy", on(manager::vdiDataDestroy))
        .add("vdi.list-changed-blocks", (arguments, call) -> listChangedBlocks(arguments))
        .add("vdi.forget", on(manager::vdiForget))
        .add("vdi.update", on(manager::vdiUpdate))
        .add("vdi.introduce", (arguments, call) -> introduce(arguments))
        .add("vdi.attach", (arguments, call) -> attach(arguments))
        .add("vdi.detach", (arguments, call) -> detach(arguments));
  }

  private static ApiMethod on(SrMethods.Change<VdiUuid> change) {
    return (arguments, call) -> {
      change.make(vdi(arguments));
      return Json.Members.NONE;
    };
  }

  private static VdiUuid vdi(Arguments arguments) throws StorageException {
    return VdiUuid.parse(arguments.text("uuid"));
  }

  static Optional<VdiUuid> optionalVdi(Arguments arguments, String name) throws StorageException {
    Optional<String> text = arguments.optional(name);
    return text.isEmpty() ? Optional.empty() : Optional.of(VdiUuid.parse(text.get()));
  }

  static Optional<SrUuid> optionalSr(Arguments arguments, String name) throws StorageException {
    Optional<String> text = arguments.optional(name);
    return text.isEmpty() ? Optional.empty() : Optional.of(SrUuid.parse(text.get()));
  }

  private Json create(Arguments arguments) throws StorageException {
    return Answers.uuid(
        manager.vdiCreate(
            new VdiCreate(
                optionalVdi(arguments, "new-uuid"),
                SrUuid.parse(arguments.text("sr-uuid")),
                arguments.text("name-label"),
                arguments.text("name-description"),
                arguments.size("virtual-size"),
                arguments.optional("type").orElse("user"),
                kind(arguments.optional("format").orElse("vhd")),
                arguments.flag("sharable"),
                arguments.flag("read-only"),
                arguments.texts("tags"),
                arguments.map("sm-config"),
                arguments.map("other-config"))));
  }

  private static Volume.Kind kind(String format) throws StorageException {
    return switch (format) {
      case "vhd" -> Volume.Kind.VHD;
      case "raw" -> Volume.Kind.RAW;
      default -> throw invalid("format", format, "Give vhd or raw.");
    };
  }

  private Json cloneVdi(Arguments arguments) throws StorageException {
    return Answers.uuid(
        manager.vdiClone(
            new VdiClone(
                vdi(arguments),
                optionalVdi(arguments, "new-uuid"),
                arguments.optional("new-name-label"),
                arguments.optional("new-name-description"),
                arguments.map("driver-params"))));
  }

  private Json snapshot(Arguments arguments) throws StorageException {
    return Answers.uuid(
        manager.vdiSnapshot(
            new VdiSnapshot(
                vdi(arguments),
                optionalVdi(arguments, "new-uuid"),
                arguments.optional("new-name-label"),
                arguments.map("driver-params"))));
  }

  private Json revert(Arguments arguments) throws StorageException {
    manager.vdiRevert(VdiUuid.parse(arguments.text("snapshot-uuid")));
    return Json.Members.NONE;
  }

  private Json copy(Arguments arguments, Call call) throws StorageException {
    Optional<SrUuid> sr = optionalSr(arguments, "sr-uuid");
    Optional<VdiUuid> into = optionalVdi(arguments, "into-vdi-uuid");
    if (sr.isPresent() == into.isPresent()) {
      throw new StorageException(
          ErrorCode.INVALID_ARG,
          "A copy has exactly one target.",
          "Give either sr-uuid or into-vdi-uuid.");
    }
    return Answers.uuid(
        manager.vdiCopy(
            new VdiCopy(
                vdi(arguments),
                sr,
                into,
                optionalVdi(arguments, "base-vdi-uuid"),
                arguments.optional("new-name-label"),
                arguments.flag("verify"),
                call)));
  }

  private Json move(Arguments arguments, Call call) throws StorageException {
    return Answers.uuid(
        manager.vdiMove(vdi(arguments), SrUuid.parse(arguments.text("sr-uuid")), call));
  }

  private Json cancelTask(Arguments arguments) throws StorageException {
    String uuid = arguments.text("uuid");
    try {
      manager.taskCancel(UUID.fromString(uuid));
    } catch (IllegalArgumentException e) {
      throw invalid("uuid", uuid, "Give a task's UUID: see task-list.");
    }
    return Json.Members.NONE;
  }

  private Json listChangedBlocks(Arguments arguments) throws StorageException {
    GranuleBitmap changed =
        manager.vdiListChangedBlocks(
            VdiUuid.parse(arguments.text("vdi-from-uuid")),
            VdiUuid.parse(arguments.text("vdi-to-uuid")));
    return Json.object()
        .with("bitmap", Base64.getEncoder().encodeToString(changed.toBytes()))
        .with("granularity", GranuleBitmap.GRANULE_BYTES)
        .with("size", changed.sizeBytes())
        .with("changed", changed.markedBytes())
        .build();
  }

  private Json resize(Arguments arguments) throws StorageException {
    manager.vdiResize(vdi(arguments), arguments.size("disk-size"));
    return Json.Members.NONE;
  }

  private Json introduce(Arguments arguments) throws StorageException {
    return Answers.uuid(
        manager.vdiIntroduce(
            new VdiIntroduce(
                vdi(arguments),
                SrUuid.parse(arguments.text("sr-uuid")),
                arguments.text("type"),
                arguments.text("location"),
                arguments.text("name-label"),
                arguments.text("name-description"),
                arguments.flag("sharable"),
                arguments.flag("read-only"),
                arguments.map("sm-config"))));
  }

  private Json attach(Arguments arguments) throws StorageException {
    Optional<String> tcp = arguments.optional("tcp");
    Attachment attachment =
        manager.vdiAttach(
            new VdiAttach(
                vdi(arguments),
                mode(arguments.optional("mode").orElse("RW")),
                domain(arguments),
                tcp.isEmpty() ? Optional.empty() : Optional.of(address(tcp.get()))));
    return Json.object()
        .with("vdi", attachment.vdi().toString())
        .with("uri", attachment.uri())
        .with("export", attachment.exportName())
        .with("mode", attachment.mode().name())
        .with("size", attachment.sizeBytes())
        .build();
  }

  private Json detach(Arguments arguments) throws StorageException {
    manager.vdiDetach(vdi(arguments), domain(arguments));
    return Json.Members.NONE;
  }

  private static String domain(Arguments arguments) {
    return arguments.optional("domain").orElse(VdiAttach.HOST_DOMAIN);
  }

  private static AccessMode mode(String text) throws StorageException {
    return switch (text.toUpperCase(Locale.ROOT)) {
      case "RW" -> AccessMode.RW;
      case "RO" -> AccessMode.RO;
      default -> throw invalid("mode", text, "Give RO or RW.");
    };
  }

  private static InetSocketAddress address(String text) throws StorageException {
    int colon = text.lastIndexOf(':');
    try {
      int port = Integer.parseInt(text.substring(colon + 1));
      String host = text.substring(0, Math.max(colon, 0)).replaceAll("^\\[(.*)]$", "$1");
      if (host.isEmpty()) {
        throw invalid("tcp", text, "Give HOST:PORT; port 0 takes a free one.");
      }
      return new InetSocketAddress(host, port);
    } catch (IllegalArgumentException e) {
      throw invalid("tcp", text, "Give HOST:PORT; port 0 takes a free one.");
    }
  }

  static StorageException invalid(String name, String value, String remedy) {
    return new StorageException(
        ErrorCode.INVALID_ARG, "'" + Messages.printable(value) + "' is no " + name + ".", remedy);
  }
}
