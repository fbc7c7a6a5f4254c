// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import io.strata.spi.StorageException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/// qemu's merge of a running disk: `block-commit` in a `qemu-storage-daemon`, over its control
/// socket.
final class LiveCommit {
  private LiveCommit() {}

  static void run(Scale scale, Results results, Scratch scratch)
      throws IOException, InterruptedException, StorageException {
    Path base = scratch.file("base.qcow2");
    Path leaf = scratch.file("leaf.qcow2");
    Path control = scratch.file("control.sock");
    Path socket = scratch.file("nbd.sock");
    Images.qemu(base, "qcow2", scale.diskBytes(), disk -> Fill.dense(disk, scale.diskBytes(), 1));
    Images.qcow2Child(
        leaf,
        base,
        disk -> {
          Fill.dense(disk, scale.diskBytes() / 2, 2);
          Fill.scattered(disk, scale.scatteredWrites(), Guest.BLOCK_BYTES, scale.diskBytes(), 3);
        });
    Command.settle();
    List<String> line =
        List.of(
            "qemu-storage-daemon",
            "--chardev",
            "socket,id=control,path=" + control + ",server=on,wait=off",
            "--monitor",
            "chardev=control",
            "--blockdev",
            "driver=file,node-name=base-file,filename=" + base,
            "--blockdev",
            "driver=qcow2,node-name=base,file=base-file",
            "--blockdev",
            "driver=file,node-name=leaf-file,filename=" + leaf,
            "--blockdev",
            "driver=qcow2,node-name=leaf,file=leaf-file,backing=base",
            "--nbd-server",
            "addr.type=unix,addr.path=" + socket,
            "--export",
            "type=nbd,id=export,node-name=leaf,name=,writable=on");
    try (ServerProcess server = ServerProcess.start(line, socket);
        GuestConnection disk = server.guest();
        SocketChannel monitor = SocketChannel.open(UnixDomainSocketAddress.of(control))) {
      say(monitor, "{\"execute\":\"qmp_capabilities\"}", "\"return\"");
      OnlineMergeBench.watch(scale, results, OnlineMergeBench.QEMU, disk, () -> commit(monitor));
    }
  }

  private static void commit(SocketChannel monitor) throws IOException {
    say(
        monitor,
        "{\"execute\":\"block-commit\",\"arguments\":{\"job-id\":\"job\",\"device\":\"leaf\"}}",
        "BLOCK_JOB_READY");
    say(
        monitor,
        "{\"execute\":\"job-complete\",\"arguments\":{\"id\":\"job\"}}",
        "BLOCK_JOB_COMPLETED");
  }

  /// Sends a command and reads until an answer or event that is expected.
  private static void say(SocketChannel monitor, String command, String until) throws IOException {
    monitor.write(ByteBuffer.wrap((command + "\n").getBytes(StandardCharsets.UTF_8)));
    StringBuilder heard = new StringBuilder();
    ByteBuffer piece = ByteBuffer.allocate(4096);
    while (heard.indexOf(until) < 0) {
      if (heard.indexOf("\"error\"") >= 0 || monitor.read(piece.clear()) < 0) {
        throw new IOException(command + " was answered with " + heard);
      }
      heard.append(StandardCharsets.UTF_8.decode(piece.flip()));
    }
  }
}
