// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// As many 4 KiB writes at random places as a scattered child holds, to a plain file that has its
/// space already, and a flush: what the storage takes for them without any image.
final class PlainWrites {
  private static final String BUFFERED = "plain file, by fio";
  private static final String DIRECT = "plain file, direct, q256";

  private final Path file;
  private final Scale scale;

  PlainWrites(Path file, Scale scale) {
    this.file = file;
    this.scale = scale;
  }

  /// Makes the file.
  void prepare() throws IOException, InterruptedException {
    Images.raw(file, scale.diskBytes(), disk -> Fill.dense(disk, scale.diskBytes(), 1));
  }

  void measure(Results results, Task task) throws IOException, InterruptedException {
    results.add(task, BUFFERED, run("--ioengine=psync"));
    results.add(
        task,
        DIRECT,
        run(
            "--ioengine=libaio",
            "--direct=1",
            "--iodepth=256",
            "--iodepth_batch_submit=64",
            "--iodepth_batch_complete_min=32"));
  }

  void delete() throws IOException {
    Files.delete(file);
  }

  /// @return MiB per second
  private double run(String... how) throws IOException, InterruptedException {
    Command.settle();
    List<String> line =
        new ArrayList<>(
            List.of(
                "fio",
                "--name=plain",
                "--filename=" + file,
                "--size=" + scale.diskBytes(),
                "--io_size=" + (long) scale.scatteredWrites() * Guest.BLOCK_BYTES,
                "--bs=" + Guest.BLOCK_BYTES,
                "--rw=randwrite",
                "--end_fsync=1",
                "--output-format=json"));
    line.addAll(List.of(how));
    return Fio.run(line).mibPerSecond();
  }
}
