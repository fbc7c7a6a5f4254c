// SPDX-License-Identifier: Apache-2.0
package io.strata.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.strata.vhd.VhdChain;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Real NBD clients on a served VHD chain of two.
final class NbdPeersTest {

  private static final long SIZE_BYTES = 96L << 20;

  @TempDir private Path directory;
  private VhdFolder folder;
  private ModelledDisk model;

  @BeforeEach
  void makeChain() throws IOException {
    folder = new VhdFolder(directory);
    model = ModelledDisk.zeroes(directory.resolve("model.raw"), SIZE_BYTES);
    folder.createDynamic("base", SIZE_BYTES);
    try (VhdChain base = folder.openReadWrite("base")) {
      model.change(base, 11, 80);
    }
    folder.createChild("leaf", "base");
    try (VhdChain leaf = folder.openReadWrite("leaf")) {
      model.change(leaf, 12, 40);
    }
  }

  private ServedDisk serve() throws IOException {
    return new ServedDisk(directory, folder.openReadWrite("leaf"));
  }

  private void assertLeafHolds(ModelledDisk expected) throws IOException {
    try (VhdChain chain = folder.openReadOnly("leaf")) {
      expected.assertHeldBy(chain);
    }
  }

  @Test
  void nbdinfoSeesWhatSeriousClientsNeed() throws IOException {
    Tool nbdinfo = Tool.require("nbdinfo");
    try (ServedDisk disk = serve()) {
      assertThat(nbdinfo.run("--json", disk.uri()).ok())
          .contains(
              "\"export-size\": " + SIZE_BYTES,
              "\"is_read_only\": false",
              "\"can_flush\": true",
              "\"can_fua\": true",
              "\"can_trim\": true",
              "\"can_zero\": true",
              "\"can_multi_conn\": true",
              "\"structured\": true",
              "base:allocation");
      assertThat(nbdinfo.run("--list", disk.uri()).ok()).contains("export=\"disk\"");
      assertThat(nbdinfo.run("--size", disk.uri("nosuchdisk")).exitCode()).isNotZero();
    }
  }

  @Test
  void nbdcopyReadsTheWholeChain() throws IOException {
    Tool nbdcopy = Tool.require("nbdcopy");
    ModelledDisk copy = new ModelledDisk(directory.resolve("copy.raw"));
    try (ServedDisk disk = serve()) {
      nbdcopy.run("--connections=4", disk.uri(), copy.raw().toString()).ok();
    }
    Tool.require("cmp").run(model.raw().toString(), copy.raw().toString()).ok();
  }

  @Test
  void nbdcopyFillsADisk() throws IOException {
    Tool nbdcopy = Tool.require("nbdcopy");
    folder.createDynamic("fresh", SIZE_BYTES);
    try (ServedDisk disk = new ServedDisk(directory, folder.openReadWrite("fresh"))) {
      nbdcopy.run("--flush", "--destination-is-zero", model.raw().toString(), disk.uri()).ok();
    }
    try (VhdChain chain = folder.openReadOnly("fresh")) {
      model.assertHeldBy(chain);
    }
  }

  @Test
  void qemuImgComparesEqualThroughNbd() throws IOException {
    Tool qemuImg = Tool.require("qemu-img");
    try (ServedDisk disk = serve()) {
      qemuImg.run("compare", "-f", "raw", "-F", "raw", disk.uri(), model.raw().toString()).ok();
    }
  }

  @Test
  void allocationMapOfQemuCoversTheDiskAndHasHoles() throws IOException {
    Tool qemuImg = Tool.require("qemu-img");
    folder.createDynamic("sparse", SIZE_BYTES);
    try (ServedDisk disk = new ServedDisk(directory, folder.openReadWrite("sparse"))) {
      Tool.require("qemu-io").run("-f", "raw", "-c", "write -P 7 8M 64k", disk.uri()).ok();
      String map = qemuImg.run("map", "-f", "raw", "--output=json", disk.uri()).ok();
      assertThat(map)
          .containsPattern("\"start\": 0, \"length\": 8388608,.* \"data\": false")
          .containsPattern("\"start\": 8388608, \"length\": 65536,.* \"data\": true");
    }
  }

  @Test
  void qemuIoWritesZeroesAndTrimsOverParentsData() throws IOException {
    Tool qemuIo = Tool.require("qemu-io");
    try (ServedDisk disk = serve()) {
      qemuIo
          .run(
              "-f",
              "raw",
              "-d",
              "unmap",
              "-c",
              "write -P 0x11 4M 3M",
              "-c",
              "write -f -P 0x22 5001k 300k",
              "-c",
              "write -z 6M 512k",
              "-c",
              "write -z -u 20M 10M",
              "-c",
              "discard 40M 8M",
              "-c",
              "flush",
              "-c",
              "read -P 0x22 5001k 300k",
              "-c",
              "read -P 0 6M 512k",
              "-c",
              "read -P 0 20M 10M",
              "-c",
              "read -P 0 40M 8M",
              disk.uri())
          .ok();
    }
    Tool.require("qemu-io")
        .run(
            "-f",
            "raw",
            "-c",
            "write -P 0x11 4M 3M",
            "-c",
            "write -P 0x22 5001k 300k",
            "-c",
            "write -z 6M 512k",
            "-c",
            "write -z 20M 10M",
            "-c",
            "write -z 40M 8M",
            model.raw().toString())
        .ok();
    assertLeafHolds(model);
  }

  @Test
  void fioFindsEveryBlockAsItWroteIt() throws IOException {
    Tool fio = Tool.require("fio");
    try (ServedDisk disk = serve()) {
      List<String> arguments =
          new ArrayList<>(List.of("--name=verify", "--ioengine=nbd", "--uri=" + disk.uri()));
      arguments.addAll(
          List.of(
              "--rw=randwrite",
              "--bsrange=4k-64k",
              "--size=64m",
              "--iodepth=16",
              "--verify=crc32c",
              "--verify_state_save=0",
              "--verify_fatal=1",
              "--do_verify=1",
              "--randseed=42"));
      Tool.Result result = fio.run(Duration.ofMinutes(3), arguments.toArray(String[]::new));
      assertThat(result.ok()).contains("err= 0").doesNotContain("verify: bad");
    }
  }

  @Test
  void libnbdsOddOffsetsAreServedToTheByte() throws IOException {
    Tool python = Tool.require("python3");
    assumeTrue(python.run("-c", "import nbd").exitCode() == 0, "python3-libnbd is not installed");
    try (ServedDisk disk = serve()) {
      python
          .run(
              "-c",
              """
              import nbd, sys
              h = nbd.NBD()
              h.connect_uri(sys.argv[1])
              h.pwrite(b"x" * 1024, 66000)
              before = bytearray(h.pread(1030, 65997))
              assert before[3:1027] == b"x" * 1024, "the write went elsewhere"
              h.pwrite(b"y", 1, nbd.CMD_FLAG_FUA)
              assert h.pread(1, 1) == b"y"
              h.zero(777, 66001)
              after = h.pread(1030, 65997)
              assert after[3:4] == b"x" and after[4:781] == bytes(777), "zeroes went elsewhere"
              assert after[781:1027] == b"x" * 246
              h.set_strict_mode(0)
              for bad in (lambda: h.pread(512, h.get_size()), lambda: h.pwrite(b"z", h.get_size())):
                  try:
                      bad()
                  except nbd.Error as e:
                      assert e.errno in ("EINVAL", "ENOSPC"), e
                  else:
                      raise AssertionError("beyond the end was served")
              assert h.pread(1, 1) == b"y", "the connection outlives refused requests"
              h.shutdown()
              """,
              disk.uri())
          .ok();
    }
  }
}
