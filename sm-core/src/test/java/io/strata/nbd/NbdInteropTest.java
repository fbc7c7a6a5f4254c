// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import io.strata.block.FileContainer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The server as the field's own clients see it. A client that is not installed skips its test.
@Timeout(180)
final class NbdInteropTest {
  private static final int SIZE_BYTES = 64 << 20;
  private static final int DATA_BYTES = 24 << 20;
  private static final long COMMAND_SECONDS = 120;

  @TempDir private Path directory;

  private FileContainer device;
  private TestServer server;
  private Path disk;

  @BeforeEach
  void start() throws IOException {
    disk = directory.resolve("disk.raw");
    byte[] data = new byte[DATA_BYTES];
    new Random(1).nextBytes(data);
    device = FileContainer.create(disk);
    device.ensureCapacity(SIZE_BYTES);
    device.write(0, ByteBuffer.wrap(data));
    server = new TestServer(device);
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
    device.close();
  }

  private String uri() {
    return server.uri().toString();
  }

  /// Runs a program; gives what it printed if it ended well.
  private String run(String... command) throws IOException, InterruptedException {
    if (!Files.isExecutable(Path.of(command[0]))) {
      abort(command[0] + " is not installed");
    }
    Path output = directory.resolve("output");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      boolean ended = process.waitFor(COMMAND_SECONDS, TimeUnit.SECONDS);
      String printed = Files.readString(output, StandardCharsets.UTF_8);
      assertThat(ended).as(printed).isTrue();
      assertThat(process.exitValue()).as(printed).isZero();
      return printed;
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void nbdinfoSeesEveryCapability() throws Exception {
    assertThat(run("/usr/bin/nbdinfo", uri()))
        .contains("export-size: 67108864")
        .contains("a test's disk")
        .contains("base:allocation")
        .contains("can_cache: true", "can_df: true", "can_fast_zero: true", "can_flush: true")
        .contains("can_fua: true", "can_multi_conn: true", "can_trim: true", "can_zero: true")
        .contains("block_size_minimum: 1", "block_size_preferred: 4096")
        .contains("block_size_maximum: 33554432");
    assertThat(run("/usr/bin/nbdinfo", "--list", uri())).contains("export=\"disk\"");
    assertThat(run("/usr/bin/nbdinfo", "--map", uri())).contains("hole,zero");
  }

  @Test
  void nbdcopyMovesContentBothWays() throws Exception {
    Path copy = directory.resolve("copy.raw");
    run("/usr/bin/nbdcopy", uri(), copy.toString());
    assertThat(Files.mismatch(disk, copy)).isEqualTo(-1);
    byte[] other = new byte[SIZE_BYTES];
    new Random(2).nextBytes(other);
    Arrays.fill(other, 1 << 20, 9 << 20, (byte) 0);
    Files.write(copy, other);
    run("/usr/bin/nbdcopy", "--flush", copy.toString(), uri());
    assertThat(Files.mismatch(disk, copy)).isEqualTo(-1);
    assertThat(server.export().statistics().errors()).isZero();
  }

  @Test
  void qemuReadsWritesZeroesAndCompares() throws Exception {
    run(
        "/usr/bin/qemu-io",
        "-f",
        "raw",
        "-c",
        "write -P 7 30M 1M",
        "-c",
        "write -f -P 8 33000001 999",
        "-c",
        "read -P 8 33000001 999",
        "-c",
        "write -z -u 30M 512k",
        "-c",
        "read -P 0 30M 512k",
        "-c",
        "read -P 7 31981568 512k",
        "-c",
        "discard 1M 1M",
        "-c",
        "flush",
        uri());
    run("/usr/bin/qemu-img", "compare", "-f", "raw", "-F", "raw", uri(), disk.toString());
    Path converted = directory.resolve("converted.qcow2");
    run("/usr/bin/qemu-img", "convert", "-f", "raw", "-O", "qcow2", uri(), converted.toString());
    run("/usr/bin/qemu-img", "compare", converted.toString(), disk.toString());
    assertThat(server.export().statistics().errors()).isZero();
  }

  @Test
  void fioVerifiesRandomWritesWithManyInFlight() throws Exception {
    run(
        "/usr/bin/fio",
        "--name=verify",
        "--ioengine=nbd",
        "--uri=" + uri(),
        "--rw=randwrite",
        "--bsrange=512-200k",
        "--blockalign=512",
        "--iodepth=16",
        "--size=32M",
        "--verify=crc32c",
        "--verify_state_save=0",
        "--fsync=32");
    assertThat(server.export().statistics().errors()).isZero();
  }

  @Test
  void libnbdAgreesInTheOddCases() throws Exception {
    List<String> script =
        List.of(
            "import nbd, errno, sys",
            "h = nbd.NBD()",
            "h.add_meta_context('base:allocation')",
            "h.connect_uri(sys.argv[1])",
            "h.set_strict_mode(0)",
            "size = h.get_size()",
            "def error_of(call):",
            "  try: call()",
            "  except nbd.Error as e: return e.errnum",
            "  return 0",
            "assert len(h.pread(4 << 20, 4097, nbd.CMD_FLAG_DF)) == 4 << 20",
            "h.cache(1 << 20, 0)",
            "h.pwrite(b'x' * 1024, 40 * 1024 * 1024 + 66001)",
            "assert h.pread(1026, 40 * 1024 * 1024 + 66000) == b'\\0' + b'x' * 1024 + b'\\0'",
            "found = []",
            "note = lambda context, offset, entries, error: found.append(list(entries))",
            "h.block_status(size, 0, note, nbd.CMD_FLAG_REQ_ONE)",
            "assert found == [[24 << 20, 0]], found",
            "assert error_of(lambda: h.pread(4096, size - 1)) == errno.EINVAL",
            "assert error_of(lambda: h.pwrite(b'a' * 4096, size - 1)) == errno.ENOSPC",
            "assert error_of(lambda: h.pread(4096, 2**63 - 5)) == errno.EINVAL",
            "assert error_of(lambda: h.zero(4096, size - 4096, nbd.CMD_FLAG_FAST_ZERO)) == 0",
            "big = bytes(range(256)) * (32 << 12)",
            "h.pwrite(big, 28 * 1024 * 1024 + 3, nbd.CMD_FLAG_FUA)",
            "assert h.pread(len(big), 28 * 1024 * 1024 + 3) == big",
            "assert h.pread(len(big), 28 * 1024 * 1024 + 3, nbd.CMD_FLAG_DF) == big",
            "chunks = []",
            "h.pread_structured(size // 2, 0, lambda b, o, s, e: chunks.append((o, len(b), s)))",
            "assert sum(c[1] for c in chunks) == size // 2, chunks",
            "print('good')");
    Path file = directory.resolve("odd.py");
    Files.write(file, script);
    if (!Files.isExecutable(Path.of("/usr/bin/nbdsh"))) {
      abort("python3-libnbd is not installed");
    }
    assertThat(run("/usr/bin/python3", file.toString(), uri())).contains("good");
  }
}
