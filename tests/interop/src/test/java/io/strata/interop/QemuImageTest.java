// SPDX-License-Identifier: Apache-2.0
package io.strata.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.FileContainer;
import io.strata.check.CheckOptions;
import io.strata.check.VhdChecker;
import io.strata.vhd.VhdChain;
import io.strata.vhd.VhdEditor;
import io.strata.vhd.VhdInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// VHD files that go back and forth between Strata and qemu.
final class QemuImageTest {

  /// No multiple of qemu's cylinders, nor of the block size.
  private static final long SIZE_BYTES = (41L << 20) + 512 * 7;

  @TempDir private Path directory;
  private VhdFolder folder;
  private Tool qemuImg;

  @BeforeEach
  void findQemu() {
    qemuImg = Tool.require("qemu-img");
    folder = new VhdFolder(directory);
  }

  static Stream<String> options() {
    return Stream.of(
        "subformat=dynamic",
        "subformat=fixed",
        "subformat=dynamic,force_size=on",
        "subformat=fixed,force_size=on");
  }

  private ModelledDisk model() throws IOException {
    return ModelledDisk.zeroes(directory.resolve("model.raw"), SIZE_BYTES);
  }

  private void assertQemuReads(ModelledDisk model, Path vhd) throws IOException {
    qemuImg.run("compare", "-f", "vpc", "-F", "raw", vhd.toString(), model.raw().toString()).ok();
  }

  private void changeAndAssertQemuReads(String name, long seed) throws IOException {
    ModelledDisk model = model();
    try (VhdChain chain = folder.openReadWrite(name)) {
      model.change(chain, seed, 120);
    }
    assertQemuReads(model, folder.file(name));
  }

  @Test
  void dynamicImageMadeHereReadsEqualInQemu() throws IOException {
    folder.createDynamic("disk", SIZE_BYTES);
    changeAndAssertQemuReads("disk", 1);
  }

  @Test
  void fixedImageMadeHereReadsEqualInQemu() throws IOException {
    folder.createFixed("disk", SIZE_BYTES);
    changeAndAssertQemuReads("disk", 2);
  }

  @Test
  void qemuTakesTheSizeOfAnImageMadeHereFromTheFooter() throws IOException {
    Path vhd = folder.createDynamic("disk", SIZE_BYTES);
    String info = qemuImg.run("info", "-f", "vpc", "--output=json", vhd.toString()).ok();
    assertThat(info).contains("\"virtual-size\": " + SIZE_BYTES);
  }

  @Test
  void imageThatQemuWroteIntoAfterUsReadsEqualHere() throws IOException {
    Path vhd = folder.createDynamic("disk", SIZE_BYTES);
    Tool.require("qemu-io")
        .run(
            "-f", "vpc", "-c", "write -P 0x5a 3M 5M", "-c", "write -P 0xc3 40M 64k", vhd.toString())
        .ok();
    ModelledDisk model = new ModelledDisk(directory.resolve("model.raw"));
    qemuImg.run("convert", "-f", "vpc", "-O", "raw", vhd.toString(), model.raw().toString()).ok();
    try (VhdChain chain = folder.openReadWrite("disk")) {
      model.assertHeldBy(chain);
      model.change(chain, 3, 60);
      model.assertHeldBy(chain);
    }
    assertQemuReads(model, vhd);
  }

  @ParameterizedTest
  @MethodSource("options")
  void imageMadeByQemuHasNoFindings(String options) throws IOException {
    Path vhd = folder.file("made");
    for (long sizeBytes : List.of(512L << 10, 41L << 20, 300L << 30)) {
      qemuImg
          .run("create", "-f", "vpc", "-o", options, vhd.toString(), Long.toString(sizeBytes))
          .ok();
      assertNoFindings(vhd);
      Tool.require("qemu-io").run("-f", "vpc", "-c", "write -P 7 1k 300k", vhd.toString()).ok();
      assertNoFindings(vhd);
      Files.delete(vhd);
    }
  }

  private static void assertNoFindings(Path vhd) throws IOException {
    try (FileContainer image = FileContainer.openReadOnly(vhd)) {
      CheckOptions withBitmaps = CheckOptions.standard().withBitmaps();
      assertThat(VhdChecker.check(image, withBitmaps).findings()).isEmpty();
    }
  }

  @ParameterizedTest
  @MethodSource("options")
  void imageConvertedByQemuIsReadAndWrittenHere(String options) throws IOException {
    ModelledDisk model = model();
    folder.createDynamic("source", SIZE_BYTES);
    try (VhdChain chain = folder.openReadWrite("source")) {
      model.change(chain, 4, 120);
    }
    Path vhd = folder.file("converted");
    qemuImg
        .run(
            "convert",
            "-f",
            "raw",
            "-O",
            "vpc",
            "-o",
            options,
            model.raw().toString(),
            vhd.toString())
        .ok();
    try (VhdChain chain = folder.openReadWrite("converted")) {
      model.assertHeldBy(chain);
      model.change(chain, 5, 120);
    }
    assertQemuReads(model, vhd);
    try (VhdChain chain = folder.openReadOnly("converted")) {
      model.assertHeldBy(chain);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"subformat=dynamic", "subformat=dynamic,force_size=on"})
  void emptyImageMadeByQemuTakesItsFirstWritesHere(String options) throws IOException {
    Path vhd = folder.file("empty");
    qemuImg
        .run("create", "-f", "vpc", "-o", options, vhd.toString(), Long.toString(SIZE_BYTES))
        .ok();
    changeAndAssertQemuReads("empty", 6);
  }

  @Test
  void grownImageReadsEqualInQemu() throws IOException {
    Path vhd = folder.createDynamic("disk", SIZE_BYTES / 2 / 512 * 512);
    try (FileContainer container = FileContainer.openReadWrite(vhd)) {
      VhdEditor.resize(container, SIZE_BYTES);
      assertThat(VhdInfo.read(container).sizeBytes()).isEqualTo(SIZE_BYTES);
    }
    changeAndAssertQemuReads("disk", 7);
  }
}
