// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.catalog.AttachmentRecord;
import io.strata.spi.AccessMode;
import io.strata.spi.ErrorCode;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AttachmentStatesTest {
  private static final String DOMAIN = VdiAttach.HOST_DOMAIN;

  @TempDir Path home;
  private Bench bench;
  private SrUuid sr;
  private VdiUuid vdi;

  @BeforeEach
  void open() throws StorageException {
    bench = new Bench(home);
    sr = bench.sr("a");
    vdi = bench.vdi(sr, "disk");
  }

  @AfterEach
  void close() {
    bench.close();
  }

  private String state() throws StorageException {
    return bench.manager.attachments().stream()
        .filter(a -> a.vdi().equals(vdi) && a.domain().equals(DOMAIN))
        .map(a -> (a.activated() ? "activated " : "attached ") + a.mode())
        .findFirst()
        .orElse("detached");
  }

  private void enter(String state) throws StorageException {
    if (state.equals("detached")) {
      return;
    }
    bench.attach(vdi, AccessMode.valueOf(state.substring(state.indexOf(' ') + 1)));
    if (state.startsWith("activated")) {
      bench.manager.vdiActivate(vdi, DOMAIN);
    }
  }

  private void call(String call) throws StorageException {
    switch (call) {
      case "attach RO" -> bench.attach(vdi, AccessMode.RO);
      case "attach RW" -> bench.attach(vdi, AccessMode.RW);
      case "activate" -> bench.manager.vdiActivate(vdi, DOMAIN);
      case "deactivate" -> bench.manager.vdiDeactivate(vdi, DOMAIN);
      case "detach" -> bench.manager.vdiDetach(vdi, DOMAIN);
      default -> throw new IllegalArgumentException(call);
    }
  }

  /// Every call in every state: the state after it, or the number of the error.
  @ParameterizedTest
  @CsvSource({
    "detached, attach RO, attached RO",
    "detached, attach RW, attached RW",
    "detached, activate, 46",
    "detached, deactivate, detached",
    "detached, detach, detached",
    "attached RO, attach RO, attached RO",
    "attached RO, attach RW, 24",
    "attached RO, activate, activated RO",
    "attached RO, deactivate, attached RO",
    "attached RO, detach, detached",
    "attached RW, attach RO, 24",
    "attached RW, attach RW, attached RW",
    "attached RW, activate, activated RW",
    "attached RW, deactivate, attached RW",
    "attached RW, detach, detached",
    "activated RO, attach RO, activated RO",
    "activated RO, attach RW, 24",
    "activated RO, activate, activated RO",
    "activated RO, deactivate, attached RO",
    "activated RO, detach, detached",
    "activated RW, attach RO, 24",
    "activated RW, attach RW, activated RW",
    "activated RW, activate, activated RW",
    "activated RW, deactivate, attached RW",
    "activated RW, detach, detached",
  })
  void everyCallInEveryState(String before, String call, String after) throws Exception {
    enter(before);
    if (Character.isDigit(after.charAt(0))) {
      int number = Integer.parseInt(after);
      assertThat(
              org.assertj.core.api.Assertions.catchThrowableOfType(
                      StorageException.class, () -> call(call))
                  .code()
                  .number())
          .isEqualTo(number);
      assertThat(state()).isEqualTo(before);
    } else {
      call(call);
      assertThat(state()).isEqualTo(after);
      bench.restart();
      assertThat(state()).isEqualTo(after);
    }
  }

  @Test
  void secondWriterIsRefused() throws Exception {
    bench.attach(vdi, AccessMode.RW);
    Bench.refused(
        ErrorCode.VDI_IN_USE,
        () -> bench.manager.vdiAttach(new VdiAttach(vdi, AccessMode.RW, "7", Optional.empty())));
  }

  @Test
  void readersBesideAWriterAreRefusedAndSeveralReadersAreNot() throws Exception {
    bench.attach(vdi, AccessMode.RO);
    bench.manager.vdiAttach(new VdiAttach(vdi, AccessMode.RO, "7", Optional.empty()));
    Bench.refused(
        ErrorCode.VDI_IN_USE,
        () -> bench.manager.vdiAttach(new VdiAttach(vdi, AccessMode.RW, "8", Optional.empty())));
    bench.manager.vdiDetach(vdi, "7");
    assertThat(state()).isEqualTo("attached RO");
    bench.manager.vdiDetach(vdi, DOMAIN);
    bench.attach(vdi, AccessMode.RW);
    Bench.refused(
        ErrorCode.VDI_IN_USE,
        () -> bench.manager.vdiAttach(new VdiAttach(vdi, AccessMode.RO, "7", Optional.empty())));
  }

  @Test
  void sharableDiskTakesSeveralWriters() throws Exception {
    bench.manager.vdiSetSharable(vdi, true);
    bench.attach(vdi, AccessMode.RW);
    bench.manager.vdiAttach(new VdiAttach(vdi, AccessMode.RW, "7", Optional.empty()));
    assertThat(bench.manager.attachments()).hasSize(2);
  }

  @Test
  void snapshotIsAttachedForReadingOnly() throws Exception {
    VdiUuid snapshot = bench.manager.vdiSnapshot(VdiSnapshot.of(vdi));
    Bench.refused(ErrorCode.VDI_TYPE, () -> bench.attach(snapshot, AccessMode.RW));
    bench.attach(snapshot, AccessMode.RO);
  }

  @Test
  void attachedDiskCannotBeDestroyedForgottenClonedRevertedOrExported() throws Exception {
    VdiUuid snapshot = bench.manager.vdiSnapshot(VdiSnapshot.of(vdi));
    bench.attach(vdi, AccessMode.RW);
    Bench.refused(ErrorCode.VDI_IN_USE, () -> bench.manager.vdiDestroy(vdi));
    Bench.refused(ErrorCode.VDI_IN_USE, () -> bench.manager.vdiForget(vdi));
    Bench.refused(ErrorCode.VDI_IN_USE, () -> bench.manager.vdiClone(VdiClone.of(vdi)));
    Bench.refused(ErrorCode.VDI_IN_USE, () -> bench.manager.vdiRevert(snapshot));
    Bench.refused(
        ErrorCode.VDI_IN_USE,
        () ->
            bench.manager.vdiExport(
                new VdiExport(
                    vdi,
                    ImageFormat.RAW,
                    java.io.OutputStream.nullOutputStream(),
                    ProgressListener.NONE)));
  }

  @Test
  void failedOpenLeavesTheDiskDetached() throws Exception {
    bench.faults.fail("open");
    Bench.refused(ErrorCode.IO_ERROR, () -> bench.attach(vdi, AccessMode.RW));
    assertThat(state()).isEqualTo("detached");
    bench.faults.heal();
    bench.attach(vdi, AccessMode.RW);
  }

  @Test
  void attachmentThatCannotBeRestoredKeepsItsErrorAndHealsLater() throws Exception {
    bench.attach(vdi, AccessMode.RW);
    bench.faults.fail("open");
    bench.restart();
    assertThat(bench.manager.attachments().getFirst().lastError()).isPresent();
    bench.faults.heal();
    bench.attach(vdi, AccessMode.RW);
    assertThat(bench.manager.attachments())
        .singleElement()
        .returns(Optional.empty(), AttachmentRecord::lastError);
  }

  @Test
  void uriNamesTheSocketAndTheDisk() throws Exception {
    Attachment attachment = bench.attach(vdi, AccessMode.RW);
    assertThat(attachment.uri()).startsWith("nbd+unix:///" + vdi + "?socket=");
    assertThat(attachment.sizeBytes()).isEqualTo(4 * Bench.MIB);
    assertThat(bench.restart().vdiAttach(VdiAttach.of(vdi, AccessMode.RW))).isEqualTo(attachment);
  }

  @Test
  void tcpPortThatTheSystemChoseIsKeptOverARestart() throws Exception {
    VdiAttach request =
        new VdiAttach(
            vdi,
            AccessMode.RW,
            DOMAIN,
            Optional.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
    String uri = bench.manager.vdiAttach(request).uri();
    assertThat(uri).startsWith("nbd://").doesNotContain(":0/");
    assertThat(bench.restart().vdiAttach(request).uri()).isEqualTo(uri);
  }
}
