// SPDX-License-Identifier: Apache-2.0
package io.strata.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.spi.AccessMode;
import io.strata.spi.DeviceConfig;
import io.strata.spi.ErrorCode;
import io.strata.spi.HostUuid;
import io.strata.spi.PbdUuid;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a catalog does, on whichever database.
abstract class CatalogContract {
  private static final String AWKWARD = "'; DROP TABLE vdi; --\n\"\\%_ \u00e9\ud83d\udcbe";

  private final HostRecord host = new HostRecord(HostUuid.random(), "h1");
  private Catalog catalog;

  /// An empty database, the same for each call within a test.
  abstract CatalogDatabase database() throws Exception;

  @BeforeEach
  void open() throws Exception {
    catalog = Catalog.open(database(), host);
  }

  @AfterEach
  void close() {
    catalog.close();
  }

  private static void refused(ErrorCode code, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StorageException.class, e -> assertThat(e.code()).as(e.getMessage()).isEqualTo(code));
  }

  private static SrRecord sr() {
    return new SrRecord(
        SrUuid.random(),
        "file",
        AWKWARD,
        "",
        true,
        "user",
        1L << 60,
        5,
        0,
        Optional.of("broken"),
        List.of("a", AWKWARD),
        Map.of("k", AWKWARD),
        Map.of(AWKWARD, ""));
  }

  private static VdiRecord vdi(SrUuid sr) {
    VdiUuid uuid = VdiUuid.random();
    return new VdiRecord(
        uuid,
        sr,
        "user",
        AWKWARD,
        "text",
        2040L << 30,
        7,
        true,
        false,
        true,
        true,
        Optional.of(VdiUuid.random()),
        Instant.ofEpochMilli(1_700_000_000_123L),
        Optional.of(VdiUuid.random()),
        uuid.toString(),
        Volume.Kind.RAW,
        false,
        Optional.empty(),
        Optional.of("c"),
        "",
        List.of("tag"),
        Map.of("s", "1"),
        Map.of("o", "2"),
        Map.of("k", "3"),
        Map.of("q", "4"),
        true);
  }

  private VdiRecord addDisk() throws StorageException {
    SrRecord sr = sr();
    VdiRecord vdi = vdi(sr.uuid());
    catalog.write(w -> {
      w.insertSr(sr);
      w.insertVdi(vdi);
    });
    return vdi;
  }

  @Test
  void recordsComeBackAsTheyWentIn() throws Exception {
    SrRecord sr = sr();
    VdiRecord vdi = vdi(sr.uuid());
    PbdRecord pbd =
        new PbdRecord(
            PbdUuid.random(),
            sr.uuid(),
            host.uuid(),
            new DeviceConfig(Map.of("location", AWKWARD)),
            true,
            Optional.of("why"),
            Map.of("a", "b"));
    catalog.write(w -> {
      w.insertSr(sr);
      w.insertPbd(pbd);
      w.insertVdi(vdi);
    });
    assertThat(catalog.<List<VdiRecord>>read(r -> r.vdis())).containsExactly(vdi);
    assertThat(catalog.<List<PbdRecord>>read(r -> r.pbds())).containsExactly(pbd);
    assertThat(catalog.<List<HostRecord>>read(r -> r.hosts())).containsExactly(host);
    SrRecord read = catalog.read(r -> r.sr(sr.uuid()));
    assertThat(read.virtualAllocationBytes()).isEqualTo(2040L << 30);
    assertThat(read.smConfig()).isEqualTo(sr.smConfig());
    assertThat(read.otherConfig()).isEqualTo(sr.otherConfig());
    assertThat(read.tags()).containsExactlyInAnyOrderElementsOf(sr.tags());
    assertThat(read.problem()).contains("broken");
  }

  @Test
  void failedChangeChangesNothing() throws Exception {
    VdiRecord vdi = addDisk();
    refused(
        ErrorCode.VDI_EXISTS,
        () ->
            catalog.write(w -> {
              w.setVdiNameLabel(vdi.uuid(), "other");
              w.insertVdi(vdi);
            }));
    assertThat(catalog.<VdiRecord>read(r -> r.vdi(vdi.uuid())).nameLabel()).isEqualTo(AWKWARD);
    catalog.write(w -> w.setVdiNameLabel(vdi.uuid(), "other"));
    assertThat(catalog.<VdiRecord>read(r -> r.vdi(vdi.uuid())).nameLabel()).isEqualTo("other");
  }

  @Test
  void databaseItselfRefusesASecondWriter() throws Exception {
    VdiRecord vdi = addDisk();
    catalog.write(w -> w.insertAttachment(attachment(vdi, "1", AccessMode.RW), false));
    refused(
        ErrorCode.VDI_IN_USE,
        () -> catalog.write(w -> w.insertAttachment(attachment(vdi, "2", AccessMode.RW), false)));
    catalog.write(w -> w.insertAttachment(attachment(vdi, "3", AccessMode.RO), false));
    catalog.write(w -> w.deleteAttachment(vdi.uuid(), host.uuid(), "1"));
    catalog.write(w -> w.insertAttachment(attachment(vdi, "2", AccessMode.RW), true));
    catalog.write(w -> w.insertAttachment(attachment(vdi, "4", AccessMode.RW), true));
    assertThat(catalog.<List<AttachmentRecord>>read(r -> r.attachments(vdi.uuid()))).hasSize(3);
  }

  private AttachmentRecord attachment(VdiRecord vdi, String domain, AccessMode mode) {
    return new AttachmentRecord(
        vdi.uuid(), host.uuid(), domain, mode, false, "unix", Optional.empty());
  }

  @Test
  void attachedDiskIsNotDeleted() throws Exception {
    VdiRecord vdi = addDisk();
    catalog.write(w -> w.insertAttachment(attachment(vdi, "1", AccessMode.RO), false));
    refused(ErrorCode.METADATA_ERROR, () -> catalog.write(w -> w.deleteSr(vdi.sr())));
    assertThat(catalog.<List<VdiRecord>>read(r -> r.vdis())).hasSize(1);
  }

  @Test
  void daemonThatWasReplacedCanChangeNothing() throws Exception {
    VdiRecord vdi = addDisk();
    try (Catalog successor = Catalog.open(database(), host)) {
      assertThat(successor.token()).isGreaterThan(catalog.token());
      refused(
          ErrorCode.LVM_MASTER, () -> catalog.write(w -> w.setVdiNameLabel(vdi.uuid(), "zombie")));
      successor.write(w -> w.setVdiNameLabel(vdi.uuid(), "new"));
      assertThat(catalog.<VdiRecord>read(r -> r.vdi(vdi.uuid())).nameLabel()).isEqualTo("new");
    }
  }

  @Test
  void otherHostHasALeaseOfItsOwn() throws Exception {
    VdiRecord vdi = addDisk();
    try (Catalog other = Catalog.open(database(), new HostRecord(HostUuid.random(), "h2"))) {
      other.write(w -> w.setVdiNameLabel(vdi.uuid(), "two"));
      catalog.write(w -> w.setVdiNameLabel(vdi.uuid(), "one"));
      assertThat(other.<List<HostRecord>>read(r -> r.hosts())).hasSize(2);
    }
  }

  @Test
  void intentsKeepTheirArgumentsAndTheirToken() throws Exception {
    UUID id = UUID.randomUUID();
    SrUuid sr = SrUuid.random();
    catalog.write(w -> w.insertIntent(id, "vdi-create", sr, Map.of("vdi", AWKWARD), 1_000));
    catalog.write(w -> w.setIntentStep(id, "created"));
    assertThat(catalog.<List<IntentRecord>>read(r -> r.intents(sr)))
        .containsExactly(
            new IntentRecord(
                id,
                "vdi-create",
                sr,
                Map.of("vdi", AWKWARD),
                "created",
                host.uuid(),
                catalog.token(),
                Instant.ofEpochMilli(1_000)));
    catalog.write(w -> w.deleteIntent(id));
    assertThat(catalog.<List<IntentRecord>>read(r -> r.intents())).isEmpty();
  }

  @Test
  void onePbdForEachHostAndSr() throws Exception {
    VdiRecord vdi = addDisk();
    PbdRecord pbd =
        new PbdRecord(
            PbdUuid.random(),
            vdi.sr(),
            host.uuid(),
            new DeviceConfig(Map.of()),
            false,
            Optional.empty(),
            Map.of());
    catalog.write(w -> w.insertPbd(pbd));
    refused(
        ErrorCode.SR_IN_USE,
        () ->
            catalog.write(w ->
                w.insertPbd(
                    new PbdRecord(
                        PbdUuid.random(),
                        vdi.sr(),
                        host.uuid(),
                        new DeviceConfig(Map.of("x", "y")),
                        false,
                        Optional.empty(),
                        Map.of()))));
  }

  @Test
  void keysAreSetReplacedAndUnset() throws Exception {
    VdiUuid vdi = addDisk().uuid();
    catalog.write(w -> w.setVdiKey(vdi, VdiMap.KEYS, AWKWARD, "1"));
    catalog.write(w -> w.setVdiKey(vdi, VdiMap.KEYS, AWKWARD, "2"));
    assertThat(catalog.<VdiRecord>read(r -> r.vdi(vdi)).keys()).containsEntry(AWKWARD, "2");
    catalog.write(w -> w.unsetVdiKey(vdi, VdiMap.KEYS, AWKWARD));
    assertThat(catalog.<VdiRecord>read(r -> r.vdi(vdi)).keys()).containsOnlyKeys("k");
    catalog.write(w -> w.setVdiTags(vdi, List.of("x", "x", "y")));
    assertThat(catalog.<VdiRecord>read(r -> r.vdi(vdi)).tags()).containsExactly("x", "y");
  }

  @Test
  void openingAgainFindsEverything() throws Exception {
    VdiRecord vdi = addDisk();
    catalog.close();
    catalog = Catalog.open(database(), host);
    assertThat(catalog.<VdiRecord>read(r -> r.vdi(vdi.uuid()))).isEqualTo(vdi);
  }
}
