// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.block.FileContainer;
import io.strata.manager.ImageFormat;
import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.toolstack.ByteSize;
import io.strata.toolstack.Json;
import io.strata.toolstack.JsonText;
import io.strata.toolstack.Rendering;
import io.strata.toolstack.image.Conversion;
import io.strata.toolstack.image.ImageDevice;
import io.strata.toolstack.image.ImageLock;
import io.strata.toolstack.image.ImageName;
import io.strata.toolstack.image.NewFile;
import io.strata.vhd.DiskType;
import io.strata.vhd.VhdChain;
import io.strata.vhd.VhdCreator;
import io.strata.vhd.VhdEditor;
import io.strata.vhd.VhdFiles;
import io.strata.vhd.VhdInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `strata vhd`: VHD files, without a daemon.
@Command(
    name = "vhd",
    description = "Make, look at, check and convert VHD files; needs no daemon.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND")
final class VhdCommand {
  private static final int SECTOR_BYTES = 512;
  private static final long DYNAMIC_GRAIN_BYTES = 2L << 20;
  private static final long LARGEST_BYTES = 2040L << 30;

  private final Terminal terminal;

  VhdCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Command(description = "Make an empty disk.", mixinStandardHelpOptions = true)
  int create(
      @Parameters(paramLabel = "FILE") Path file,
      @Option(names = "--size", paramLabel = "SIZE", required = true, description = "2GiB...")
          ByteCount size,
      @Option(
              names = "--type",
              defaultValue = "dynamic",
              description = "fixed or dynamic (default: ${DEFAULT-VALUE}).")
          NewType type,
      @Option(names = "--force", description = "Replace a file that is there.") boolean force)
      throws IOException, StorageException {
    long grainBytes = type == NewType.FIXED ? SECTOR_BYTES : DYNAMIC_GRAIN_BYTES;
    long bytes = rounded(size.bytes(), grainBytes);
    try (NewFile target = NewFile.plan(file, force)) {
      try (FileContainer container = FileContainer.create(target.part())) {
        switch (type) {
          case FIXED -> VhdCreator.fixed(container, UUID.randomUUID(), bytes);
          case DYNAMIC -> VhdCreator.dynamic(container, UUID.randomUUID(), bytes);
        }
      }
      target.publish();
    }
    return 0;
  }

  /// Types of disk that have no parent.
  enum NewType {
    FIXED,
    DYNAMIC
  }

  private static long rounded(long bytes, long grainBytes) throws StorageException {
    if (bytes <= 0 || bytes > LARGEST_BYTES) {
      throw new StorageException(
          ErrorCode.VDI_SIZE,
          "A VHD can't have a size of " + bytes + " bytes.",
          "Give a size from 1 byte to 2040 GiB.");
    }
    return Math.ceilDiv(bytes, grainBytes) * grainBytes;
  }

  @Command(description = "Show what a VHD says of itself.", mixinStandardHelpOptions = true)
  int info(
      @Parameters(paramLabel = "FILE") Path file,
      @Option(names = "--json", description = "As JSON.") boolean json)
      throws IOException {
    Json.Members info;
    try (FileContainer container = FileContainer.openReadOnly(file)) {
      info = VhdFacts.of(container, VhdInfo.read(container), file);
    }
    terminal.out().print(json ? JsonText.pretty(info) + "\n" : table(info));
    return 0;
  }

  @Command(
      description = "Look for damage in a VHD and its chain; 1 if there is any.",
      mixinStandardHelpOptions = true)
  int check(
      @Parameters(paramLabel = "FILE") Path file,
      @Option(names = "--bitmaps", description = "Read the blocks' data too.") boolean bitmaps,
      @Option(names = "--json", description = "As JSON.") boolean json)
      throws IOException, StorageException {
    return new VhdIntegrity(terminal).check(file, bitmaps, json);
  }

  @Command(
      description = {
        "Merge a differencing disk into its parent in the same folder.",
        "It is refused where another file of that folder reads through the parent. Children in"
            + " other folders are not seen: what they read would change."
      },
      mixinStandardHelpOptions = true)
  int coalesce(@Parameters(paramLabel = "CHILD") Path child) throws IOException, StorageException {
    return new VhdCoalesce(terminal).run(child);
  }

  @Command(
      description = "Repair what needs no guess in a VHD, and say what was written.",
      mixinStandardHelpOptions = true)
  int repair(
      @Parameters(paramLabel = "FILE", description = "Not in use.") Path file,
      @Option(names = "--bitmaps", description = "Zero data in sectors that are not present.")
          boolean bitmaps,
      @Option(names = "--dry-run", description = "Only say what would be written.") boolean dryRun,
      @Option(names = "--json", description = "As JSON.") boolean json)
      throws IOException, StorageException {
    return new VhdIntegrity(terminal).repair(file, bitmaps, dryRun, json);
  }

  private static String table(Json.Members members) {
    Map<String, String> texts = new LinkedHashMap<>();
    members.values().forEach((name, value) -> texts.put(name, Rendering.of(value)));
    return RecordPrinter.table(texts);
  }

  @Command(
      description = "Make an empty differencing disk on top of another in the same folder.",
      mixinStandardHelpOptions = true)
  int snapshot(
      @Parameters(paramLabel = "PARENT", description = "It must not change any more.") Path parent,
      @Parameters(paramLabel = "CHILD") Path child,
      @Option(names = "--force", description = "Replace a file that is there.") boolean force)
      throws IOException, StorageException {
    requireFindable(parent);
    requireFindable(child);
    if (!folder(parent).equals(folder(child))) {
      throw new StorageException(
          ErrorCode.INVALID_ARG,
          "Parent and child would be in different folders.",
          "Make the child in " + Rendering.escaped(folder(parent).toString()) + ".");
    }
    if (Files.exists(child) && Files.isSameFile(parent, child)) {
      throw new StorageException(
          ErrorCode.INVALID_ARG,
          "'" + Rendering.escaped(child.toString()) + "' would take its own parent's place.",
          "Give the child a name of its own.");
    }
    try (FileContainer below = FileContainer.openReadOnly(parent);
        ImageLock _ = ImageLock.reading(parent);
        NewFile target = NewFile.plan(child, force)) {
      try (FileContainer container = FileContainer.create(target.part())) {
        VhdCreator.differencing(
            container, UUID.randomUUID(), below, String.valueOf(parent.getFileName()));
      }
      target.publish();
    }
    return 0;
  }

  /// Images of a chain are looked for by their suffix.
  private static void requireFindable(Path file) throws StorageException {
    if (!VhdFiles.isNamed(file)) {
      throw new StorageException(
          ErrorCode.INVALID_ARG,
          "'"
              + Rendering.escaped(file.toString())
              + "' would not be found as an image of the chain.",
          "End the name in .vhd.");
    }
  }

  private static Path folder(Path file) throws IOException {
    Path folder = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(Path.of("/"));
    return folder.toRealPath();
  }

  @Command(description = "Make a disk larger.", mixinStandardHelpOptions = true)
  int resize(
      @Parameters(paramLabel = "FILE", description = "Not in use.") Path file,
      @Parameters(paramLabel = "SIZE") ByteCount size)
      throws IOException, StorageException {
    Optional<Path> smallest = smallestChild(file);
    try (FileContainer container = FileContainer.openReadWrite(file);
        ImageLock _ = ImageLock.writing(file)) {
      VhdInfo info = VhdInfo.read(container);
      long grainBytes = info.type() == DiskType.FIXED ? SECTOR_BYTES : DYNAMIC_GRAIN_BYTES;
      long bytes = rounded(size.bytes(), grainBytes);
      if (bytes < info.sizeBytes()) {
        throw new StorageException(
            ErrorCode.VDI_SIZE,
            "The disk has " + info.sizeBytes() + " bytes and can't be made smaller.",
            "Give a size of at least " + ByteSize.show(info.sizeBytes()) + ".");
      }
      refuseLargerThan(smallest, bytes);
      VhdEditor.resize(container, bytes);
    }
    return 0;
  }

  /// Of the images of the same folder that read through this one, the one with the smallest disk.
  private static Optional<Path> smallestChild(Path file) throws IOException {
    UUID uuid = ImageDevice.infoOf(file).uuid();
    Optional<Path> smallest = Optional.empty();
    long smallestBytes = Long.MAX_VALUE;
    for (Path candidate : VhdFiles.regular(folder(file))) {
      Optional<VhdInfo> info = readable(candidate);
      if (info.flatMap(VhdInfo::parent).filter(p -> p.uuid().equals(uuid)).isPresent()
          && info.get().sizeBytes() < smallestBytes) {
        smallest = Optional.of(candidate);
        smallestBytes = info.get().sizeBytes();
      }
    }
    return smallest;
  }

  private static Optional<VhdInfo> readable(Path file) {
    try {
      return Optional.of(ImageDevice.infoOf(file));
    } catch (IOException e) {
      // No VHD, or one that can't be read anyway: nobody reads through it.
      return Optional.empty();
    }
  }

  private static void refuseLargerThan(Optional<Path> child, long bytes)
      throws IOException, StorageException {
    if (child.isPresent() && ImageDevice.infoOf(child.get()).sizeBytes() < bytes) {
      throw new StorageException(
          ErrorCode.VDI_IN_USE,
          "'"
              + Rendering.escaped(child.get().toString())
              + "' reads through this disk, and could not be opened on a larger one.",
          "Resize that child instead; its parent may stay smaller.");
    }
  }

  @Command(
      description = "Write the disk of an image, with its parents' data, to a new image.",
      mixinStandardHelpOptions = true)
  int convert(
      @Parameters(paramLabel = "IN") Path in,
      @Parameters(paramLabel = "OUT") Path out,
      @Option(names = "--from", description = "raw or vhd; else by the suffix.")
          @Nullable ImageFormat from,
      @Option(names = "--to", description = "raw or vhd; else by the suffix.")
          @Nullable ImageFormat to,
      @Option(names = "--force", description = "Replace a file that is there.") boolean force)
      throws IOException, StorageException {
    try (ProgressLine progress = new ProgressLine("convert", terminal.err(), terminal.live())) {
      Conversion.convert(in, format(in, from), out, format(out, to), force, progress);
    }
    return 0;
  }

  private static ImageFormat format(Path file, @Nullable ImageFormat given)
      throws StorageException {
    if (given != null) {
      return given;
    }
    ImageName name = ImageName.of(file);
    if (name.packing() != ImageName.Packing.NONE) {
      throw new StorageException(
          ErrorCode.INVALID_ARG,
          "'" + Rendering.escaped(file.toString()) + "' is compressed.",
          "Unpack it first, or use vdi-import, which reads .gz and .zst.");
    }
    return name.formatOr(Optional.empty());
  }

  @Command(
      description = "Show which file of a chain holds each run of bytes.",
      mixinStandardHelpOptions = true)
  int map(
      @Parameters(paramLabel = "FILE") Path file,
      @Option(names = "--json", description = "As JSON.") boolean json)
      throws IOException {
    try (VhdChain chain =
        VhdChain.open(FileContainer.openReadOnly(file), false, ImageDevice.parentsOf(file))) {
      List<Json> runs = VhdFacts.map(chain);
      if (json) {
        terminal.out().println(JsonText.pretty(new Json.Items(runs)));
        return 0;
      }
      terminal
          .out()
          .printf(Locale.ROOT, "%16s %16s  %-5s %s%n", "offset", "length", "kind", "file");
      for (Json run : runs) {
        Json.Members members = (Json.Members) run;
        terminal
            .out()
            .printf(
                Locale.ROOT,
                "%16d %16d  %-5s %s%n",
                members.whole("offset"),
                members.whole("length"),
                members.text("kind"),
                Rendering.escaped(members.text("file")));
      }
    }
    return 0;
  }
}
