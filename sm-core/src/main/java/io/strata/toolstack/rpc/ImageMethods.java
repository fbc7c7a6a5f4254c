// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import io.strata.manager.ImageFormat;
import io.strata.manager.StorageManager;
import io.strata.manager.VdiCreate;
import io.strata.manager.VdiExport;
import io.strata.manager.VdiImport;
import io.strata.spi.ErrorCode;
import io.strata.spi.Messages;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.toolstack.Json;
import io.strata.toolstack.Rendering;
import io.strata.toolstack.image.ImageFile;
import io.strata.toolstack.image.ImageName;
import io.strata.toolstack.image.NewFile;
import java.io.BufferedOutputStream;
import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/// Methods that move images between files and VDIs. The daemon opens the files: it runs as the user
/// who calls.
final class ImageMethods {
  private static final int BUFFER_BYTES = 1024 * 1024;

  /// What a VHD can be at most: 2040 GiB of disk, and what describes them.
  private static final long MAX_VHD_BYTES = 2048L << 30;

  private final StorageManager manager;

  ImageMethods(StorageManager manager) {
    this.manager = manager;
  }

  void addTo(ApiMethods methods) {
    methods.add("vdi.import", this::importImage).add("vdi.export", this::export);
  }

  private Json importImage(Arguments arguments, Call call) throws StorageException {
    Optional<VdiUuid> into = VdiMethods.optionalVdi(arguments, "uuid");
    Optional<SrUuid> sr = VdiMethods.optionalSr(arguments, "sr-uuid");
    if (into.isPresent() == sr.isPresent()) {
      throw new StorageException(
          ErrorCode.INVALID_ARG,
          "An import has exactly one target.",
          "Give uuid for a disk that is there, or sr-uuid for a new one.");
    }
    ImageFile image =
        ImageFile.of(absolute(arguments.text("filename")), arguments.optional("format"));
    Optional<VdiCreate> create =
        sr.isEmpty() ? Optional.empty() : Optional.of(newVdi(sr.get(), image, arguments));
    long diskBytes =
        into.isPresent()
            ? manager.vdi(into.get()).virtualSizeBytes()
            : create.map(VdiCreate::sizeBytes).orElse(0L);
    try (InputStream bytes = new Wanted(image.open(maxBytes(image, diskBytes)), call)) {
      return Answers.uuid(
          manager.vdiImport(
              new VdiImport(into, create, image.format(), bytes, image.rawSizeBytes(), call)));
    } catch (IOException e) {
      throw new StorageException(
          ErrorCode.IO_ERROR,
          "The image could not be closed: " + Messages.reason(e) + ".",
          "Check the file system that it is on.",
          e);
    }
  }

  private static VdiCreate newVdi(SrUuid sr, ImageFile image, Arguments arguments)
      throws StorageException {
    long given = arguments.size("virtual-size");
    long sizeBytes = given > 0 ? given : image.rawSizeBytes().orElse(0);
    if (sizeBytes == 0 && image.rawSizeBytes().isPresent()) {
      throw new StorageException(
          ErrorCode.INVALID_ARG,
          "'" + Rendering.escaped(image.file().toString()) + "' is empty.",
          "Give an image that holds a disk, or make an empty one with vdi-create.");
    }
    if (sizeBytes == 0 && image.format() == ImageFormat.RAW) {
      throw new StorageException(
          ErrorCode.INVALID_ARG,
          "The size of the disk in '"
              + Rendering.escaped(image.file().toString())
              + "' can't be known before it is unpacked.",
          "Give virtual-size, at least as large as the image.");
    }
    String name = arguments.optional("name-label").orElse(image.name().stem());
    return VdiCreate.of(sr, name, sizeBytes);
  }

  /// A VHD has blocks of 2 MiB with a bitmap, and tables, besides the disk's bytes.
  private static long maxBytes(ImageFile image, long diskBytes) {
    return switch (image.format()) {
      case RAW -> diskBytes;
      case VHD -> diskBytes == 0 ? MAX_VHD_BYTES : diskBytes + diskBytes / 256 + (64L << 20);
    };
  }

  private Json export(Arguments arguments, Call call) throws StorageException {
    VdiUuid vdi = VdiUuid.parse(arguments.text("uuid"));
    Path file = absolute(arguments.text("filename"));
    ImageName name = ImageName.of(file);
    if (name.packing() != ImageName.Packing.NONE) {
      throw new StorageException(
          ErrorCode.INVALID_ARG,
          "Exports are not compressed.",
          "Leave .gz or .zst out of the name, and compress the file afterwards.");
    }
    ImageFormat format = name.formatOr(arguments.optional("format"));
    try {
      Optional<VdiUuid> base = VdiMethods.optionalVdi(arguments, "base");
      export(vdi, base, file, format, arguments.flag("force"), call);
      return Json.Members.NONE;
    } catch (FileAlreadyExistsException e) {
      throw new StorageException(
          ErrorCode.INVALID_ARG,
          "'" + Rendering.escaped(file.toString()) + "' exists already.",
          "Give another name, or force=true.",
          e);
    } catch (NoSuchFileException e) {
      throw new StorageException(
          ErrorCode.INVALID_ARG,
          "'" + Rendering.escaped(file.toString()) + "' can't be made: its folder is not there.",
          "Make the folder first, or give another name.",
          e);
    } catch (IOException e) {
      throw new StorageException(
          ErrorCode.IO_ERROR,
          "'"
              + Rendering.escaped(file.toString())
              + "' can't be written: "
              + Messages.reason(e)
              + ".",
          "Check that the daemon's user may write there and that there is space.",
          e);
    }
  }

  private void export(
      VdiUuid vdi, Optional<VdiUuid> base, Path file, ImageFormat format, boolean force, Call call)
      throws StorageException, IOException {
    try (NewFile target = NewFile.plan(file, force)) {
      try (FileChannel channel =
              FileChannel.open(
                  target.part(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
          OutputStream bytes =
              new StillWanted(
                  new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER_BYTES),
                  call)) {
        manager.vdiExport(new VdiExport(vdi, base, format, bytes, call));
        bytes.flush();
      }
      target.publish();
    }
  }

  private static Path absolute(String file) throws StorageException {
    Path path;
    try {
      path = Path.of(file);
    } catch (java.nio.file.InvalidPathException e) {
      throw VdiMethods.invalid("filename", file, "Give the path of a file.");
    }
    if (!path.isAbsolute()) {
      throw VdiMethods.invalid("filename", file, "Give an absolute path.");
    }
    return path;
  }

  /// Ends an import whose client is gone.
  private static final class Wanted extends FilterInputStream {
    private final Call call;

    Wanted(InputStream source, Call call) {
      super(source);
      this.call = call;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      call.checkWanted();
      return in.read(target, offset, length);
    }
  }

  /// Ends an export whose client is gone.
  private static final class StillWanted extends FilterOutputStream {
    private final Call call;

    StillWanted(OutputStream target, Call call) {
      super(target);
      this.call = call;
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
      call.checkWanted();
      out.write(source, offset, length);
    }
  }
}
