// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.sim.LogEntry;
import io.strata.block.sim.MemoryContainer;
import io.strata.block.sim.RecordingContainer;
import io.strata.block.sim.WriteLog;
import io.strata.vhd.ParentResolver;
import io.strata.vhd.VhdChain;
import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class VhdRepairerTest {

  /// Crash states tried after each write.
  private static final int STATES = 8;

  @Test
  void missingEndFooterIsWrittenFromTheCopy() throws IOException {
    MemoryContainer image = Images.dynamic();
    byte[] copy = Images.read(image, 0, 512).array();
    Images.write(image, Images.endFooterAt(image), ByteBuffer.allocate(512));
    RepairPlan plan = repair(image);
    assertThat(plan.steps())
        .extracting(RepairStep::sentence)
        .containsExactly("Write the footer at the end");
    assertThat(plan.steps())
        .extracting(RepairStep::offsetBytes)
        .containsExactly(Images.endFooterAt(image));
    assertThat(Images.read(image, Images.endFooterAt(image), 512).array()).isEqualTo(copy);
  }

  @Test
  void badCopyIsWrittenFromTheEnd() throws IOException {
    MemoryContainer image = Images.dynamic();
    byte[] end = Images.read(image, 0, 512).array();
    Images.flip(image, 100);
    assertThat(repair(image).steps()).extracting(RepairStep::offsetBytes).containsExactly(0L);
    assertThat(Images.read(image, 0, 512).array()).isEqualTo(end);
  }

  @Test
  void tornTailGetsAFooterAfterIt() throws IOException {
    MemoryContainer image = Images.dynamic();
    image.resize(image.sizeBytes() - 100);
    RepairPlan plan = repair(image);
    assertThat(plan.steps())
        .extracting(RepairStep::sentence)
        .containsExactly("Make room for a footer at the end", "Write the footer at the end");
    assertThat(image.sizeBytes() % 512).isZero();
  }

  @Test
  void footerThatGrowthLeftBehindMovesToTheEnd() throws IOException {
    MemoryContainer cut = Images.fixed();
    byte[] content = Images.content(cut, ParentResolver.none());
    cut.resize(cut.sizeBytes() + 8192);
    MemoryContainer image = cut.overlay();
    RepairPlan plan = repair(image);
    assertThat(plan.steps())
        .extracting(RepairStep::sentence)
        .containsExactly("Write the footer at the end", "Clear the footer where the end was");
    assertThat(plan.unfixable()).isEmpty();
    assertThat(Images.content(image, ParentResolver.none())).isEqualTo(content);
    assertThat(Images.read(image, Images.MIB, 8192).array()).containsOnly(0);
    // The power goes after the first step.
    byte[] footer = Images.read(image, Images.endFooterAt(image), 512).array();
    Images.write(cut, Images.endFooterAt(cut), ByteBuffer.wrap(footer));
    assertThat(VhdChecker.check(cut, CheckOptions.standard()).findings()).isEmpty();
    assertThat(Images.content(cut, ParentResolver.none())).isEqualTo(content);
  }

  @Test
  void bytesCutOffABlockAreNeverMadeUp() throws IOException {
    MemoryContainer image = Images.dynamic();
    image.resize(512L * (Images.entry(image, 3) + Images.BLOCK_SECTORS) - 1);
    CheckReport report = VhdChecker.check(image, CheckOptions.standard());
    RepairPlan plan = VhdRepairer.plan(image, report);
    assertThat(plan.steps()).isEmpty();
    assertThat(plan.unfixable()).extracting(Finding::name).contains("entry-outside");
  }

  @Test
  void batmapIsMadeWhatTheBitmapsSay() throws IOException {
    MemoryContainer image = Images.dynamic();
    byte[] right = Images.read(image, Images.batmapAt(image), 1024).array();
    Images.claimFull(image, 4);
    Images.claimFull(image, 100);
    repair(image);
    assertThat(Images.read(image, Images.batmapAt(image), 1024).array()).isEqualTo(right);
  }

  @Test
  void lostBitmapIsSetAsTheBatmapSays() throws IOException {
    MemoryContainer image = Images.dynamic();
    int full = fullBlock(image);
    byte[] content = Images.content(image, ParentResolver.none());
    long bitmapAt = 512L * Images.entry(image, full);
    byte[] right = Images.read(image, bitmapAt, 512).array();
    Images.write(image, bitmapAt, ByteBuffer.allocate(512));
    assertThat(Images.content(image, ParentResolver.none())).isEqualTo(content);
    CheckReport report = VhdChecker.check(image, CheckOptions.standard().withBitmaps());
    assertThat(report.findings()).hasSize(1);
    assertThat(report.findings().getFirst().name()).isEqualTo("batmap-claims-partial-block");
    AnnouncedRepair.apply(image, VhdRepairer.plan(image, report));
    assertThat(Images.read(image, bitmapAt, 512).array()).isEqualTo(right);
    assertThat(Images.content(image, ParentResolver.none())).isEqualTo(content);
  }

  @Test
  void dataUnderABitmapThatIsAllZeroIsLeftAlone() throws IOException {
    MemoryContainer image = Images.dynamic();
    int full = fullBlock(image);
    // Nobody claims the block any more.
    Images.write(image, Images.batmapAt(image) + 512, ByteBuffer.allocate(512));
    Images.sealBatmap(image, Images.batmapAt(image), Images.batmapAt(image) + 512);
    Images.write(image, 512L * Images.entry(image, full), ByteBuffer.allocate(512));
    CheckReport report = VhdChecker.check(image, CheckOptions.standard().withBitmaps());
    assertThat(report.findings())
        .anyMatch(f -> f.name().equals("unused-sectors-not-zero") && f.remedy().isEmpty());
    assertThat(VhdRepairer.plan(image, report).steps())
        .noneMatch(step -> step instanceof RepairStep.Fill);
  }

  /// Its header is one bit away from naming a map that lies on the first block.
  @Test
  void batmapHeaderThatIsDamagedGetsItsMapBackAndCostsNoBlock() throws IOException {
    MemoryContainer sound = Images.dynamic();
    byte[] content = Images.content(sound, ParentResolver.none());
    long sectorsAt = Images.batmapAt(sound) + VhdLayout.BATMAP_SECTORS_AT;
    for (int flipped : new int[] {32, 64}) {
      MemoryContainer image = Images.copy(sound);
      Images.putInt(image, sectorsAt, Images.read(image, sectorsAt, 4).getInt() | flipped);
      CheckReport report = VhdChecker.check(image, CheckOptions.standard().withBitmaps());
      RepairPlan plan = VhdRepairer.plan(image, report);
      AnnouncedRepair.apply(image, plan);
      assertThat(Images.content(image, ParentResolver.none())).isEqualTo(content);
      assertThat(VhdChecker.check(image, CheckOptions.standard().withBitmaps()).findings())
          .isEmpty();
    }
  }

  @Test
  void footerThatKnowsLessOfTheDiskDoesNotWinOverTheOther() throws IOException {
    MemoryContainer image = Images.dynamic();
    long sizeAt = VhdLayout.FOOTER_CURRENT_SIZE_AT;
    Images.putLong(image, sizeAt, Images.read(image, sizeAt, 8).getLong() / 2);
    Images.sealFooter(image, 0);
    byte[] before = Images.read(image, 0, (int) image.sizeBytes()).array();
    CheckReport report = VhdChecker.check(image, CheckOptions.standard());
    assertThat(report.findings())
        .anyMatch(f ->
            f.name().equals("footers-differ")
                && f.severity() == Severity.ERROR
                && f.remedy().isEmpty());
    AnnouncedRepair.apply(image, VhdRepairer.plan(image, report));
    assertThat(Images.read(image, 0, (int) image.sizeBytes()).array()).isEqualTo(before);
  }

  /// The first that the batmap says is full.
  private static int fullBlock(MemoryContainer image) throws IOException {
    int block = 0;
    ByteBuffer map = Images.read(image, Images.batmapAt(image) + 512, 512);
    while ((map.get(block >>> 3) & 0x80 >>> (block & 7)) == 0) {
      block++;
    }
    return block;
  }

  /// Not every program says of an image that it is a base.
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void timestampThatChildrenMayHaveRecordedIsLeftAlone(int hidden) throws IOException {
    MemoryContainer image = Images.dynamic();
    for (long at : new long[] {0, Images.endFooterAt(image)}) {
      Images.putInt(image, at + VhdLayout.FOOTER_TIMESTAMP_AT, -1);
      Images.putByte(image, at + VhdLayout.FOOTER_HIDDEN_AT, hidden);
      Images.sealFooter(image, at);
    }
    CheckReport report = VhdChecker.check(image, CheckOptions.standard());
    RepairPlan plan = VhdRepairer.plan(image, report);
    assertThat(plan.steps()).isEmpty();
    assertThat(plan.unfixable()).extracting(Finding::name).containsExactly("timestamp-in-future");
  }

  @Test
  void headerTakesTheNameThatTheLocatorsAgreeOn() throws IOException {
    MemoryContainer base = Images.dynamic();
    MemoryContainer child = Images.child(base, Images.CHILD, "child.vhd");
    Images.putByte(child, 512 + VhdLayout.HEADER_PARENT_NAME_AT + 1, 'X');
    Images.sealHeader(child);
    RepairPlan plan = repair(child);
    assertThat(plan.steps())
        .singleElement()
        .satisfies(step -> assertThat(step.sentence()).contains("'base.vhd'"));
  }

  @Test
  void oneLocatorOfManyIsPutRight() throws IOException {
    MemoryContainer base = Images.dynamic();
    MemoryContainer child = Images.child(base, Images.CHILD, "child.vhd");
    long entry = 512 + VhdLayout.HEADER_LOCATORS_AT;
    long path = Images.read(child, entry + VhdLayout.LOCATOR_OFFSET_AT, 8).getLong();
    Images.putByte(child, path + "file://./".length(), 'X');
    RepairPlan plan = repair(child);
    assertThat(plan.steps())
        .singleElement()
        .satisfies(step -> assertThat(step.offsetBytes()).isEqualTo(path));
  }

  @Test
  void planDoesNotFitAnImageThatChanged() throws IOException {
    MemoryContainer image = Images.dynamic();
    Images.flip(image, 100);
    RepairPlan plan = VhdRepairer.plan(image, VhdChecker.check(image, CheckOptions.standard()));
    Images.flip(image, 101);
    assertThatThrownBy(() -> VhdRepairer.apply(image, plan))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("was changed since");
  }

  @Test
  void validImageGetsAnEmptyPlan() throws IOException {
    MemoryContainer image = Images.dynamic();
    CheckReport report = VhdChecker.check(image, CheckOptions.standard().withBitmaps());
    assertThat(VhdRepairer.plan(image, report).steps()).isEmpty();
  }

  /// Crash states are what barriers made durable and any of the writes since the last, each whole,
  /// torn by sectors or missing: in each the image opens with the same content, has no finding that
  /// it did not have before, and a second repair ends where the first would have.
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void powerCutDuringARepairLeavesNothingWorse(long seed) throws IOException {
    MemoryContainer base = Images.dynamic();
    MemoryContainer damaged = damaged(seed, base);
    ParentResolver parents = Images.among(base);
    CheckOptions options = CheckOptions.standard().withBitmaps().withParents(parents);
    byte[] content = Images.content(damaged, parents);
    CheckReport before = VhdChecker.check(damaged, options);
    RepairPlan plan = VhdRepairer.plan(damaged, before);
    assertThat(plan.steps()).isNotEmpty();
    WriteLog log = new WriteLog();
    MemoryContainer repaired = damaged.overlay();
    VhdRepairer.apply(RecordingContainer.record(repaired, log), plan);
    assertWritesAreAnnounced(plan, log);
    Random random = new Random(seed);
    List<LogEntry> durable = new ArrayList<>();
    List<LogEntry> open = new ArrayList<>();
    for (LogEntry entry : log.entries()) {
      if (entry instanceof LogEntry.Barrier) {
        durable.addAll(open);
        open.clear();
        continue;
      }
      open.add(entry);
      for (int state = 0; state < STATES; state++) {
        assertNoWorse(cut(damaged, durable, open, random), before, options, parents, content);
      }
    }
    assertThat(open).as("what was not made durable").isEmpty();
    assertNoWorse(repaired, before, options, parents, content);
    assertThat(VhdChecker.check(repaired, options).repairable()).isFalse();
  }

  private static MemoryContainer damaged(long seed, MemoryContainer base) throws IOException {
    MemoryContainer image =
        seed % 2 == 0 ? Images.child(base, Images.CHILD, "child.vhd") : Images.copy(base);
    long end = Images.endFooterAt(image);
    Images.putByte(image, 300, 1);
    Images.putInt(image, VhdLayout.FOOTER_GEOMETRY_AT, -1);
    Images.sealFooter(image, 0);
    switch ((int) seed) {
      case 1 -> Images.flip(image, end);
      case 2 -> Images.flip(image, 10);
      case 3 -> image.resize(image.sizeBytes() - 100);
      case 4 -> {
        Images.putInt(image, end + VhdLayout.FOOTER_TIMESTAMP_AT, 0x7FFFFFFF);
        Images.sealFooter(image, end);
      }
      case 5 -> {
        Images.putByte(image, end + VhdLayout.FOOTER_HIDDEN_AT, 1);
        Images.sealFooter(image, end);
      }
      default -> {
        Images.putByte(image, 512 + VhdLayout.HEADER_PARENT_NAME_AT + 1, 'X');
        Images.sealHeader(image);
      }
    }
    // Claims beyond the disk, which change nothing that is read.
    Images.claimFull(image, 100);
    Images.putByte(image, 512L * Images.entry(image, seed % 2 == 0 ? 0 : 3) + 512 + 2047 * 512L, 1);
    return image;
  }

  private static void assertNoWorse(
      MemoryContainer state,
      CheckReport before,
      CheckOptions options,
      ParentResolver parents,
      byte[] content)
      throws IOException {
    assertThat(Images.content(state, parents)).isEqualTo(content);
    CheckReport report = VhdChecker.check(state, options);
    assertThat(report.count(Severity.ERROR)).isEqualTo(before.count(Severity.ERROR));
    VhdRepairer.apply(state, VhdRepairer.plan(state, report));
    assertThat(VhdChecker.check(state, options).repairable()).isFalse();
    assertThat(Images.content(state, parents)).isEqualTo(content);
    try (VhdChain chain = VhdChain.open(state.overlay(), true, parents)) {
      chain.write(0, Images.filled(512, 8));
      chain.flush();
    }
  }

  private static void assertWritesAreAnnounced(RepairPlan plan, WriteLog log) {
    for (LogEntry entry : log.entries()) {
      if (entry instanceof LogEntry.Write write) {
        assertThat(plan.steps())
            .anySatisfy(step -> {
              assertThat(write.offsetBytes()).isGreaterThanOrEqualTo(step.offsetBytes());
              assertThat(write.offsetBytes() + write.bytes().length)
                  .isLessThanOrEqualTo(step.offsetBytes() + step.lengthBytes());
            });
      }
    }
  }

  private static void play(MemoryContainer state, LogEntry entry) throws IOException {
    switch (entry) {
      case LogEntry.Write write ->
          Images.write(state, write.offsetBytes(), ByteBuffer.wrap(write.bytes()));
      case LogEntry.Zero zero ->
          Images.write(state, zero.offsetBytes(), ByteBuffer.allocate((int) zero.lengthBytes()));
      case LogEntry.Grow grow -> state.ensureCapacity(grow.sizeBytes());
      case LogEntry.Discard ignored -> throw new AssertionError("repairs discard nothing");
      case LogEntry.NameChange ignored -> throw new AssertionError("repairs rename nothing");
      case LogEntry.Barrier ignored -> {}
      case LogEntry.Marker ignored -> {}
    }
  }

  private static MemoryContainer cut(
      MemoryContainer start, List<LogEntry> durable, List<LogEntry> open, Random random)
      throws IOException {
    MemoryContainer state = start.overlay();
    for (LogEntry entry : durable) {
      play(state, entry);
    }
    for (LogEntry entry : open) {
      switch (random.nextInt(3)) {
        case 0 -> play(state, entry);
        case 1 -> tear(state, entry, random);
        default -> {}
      }
    }
    return state;
  }

  /// Some sectors of a write, or none.
  private static void tear(MemoryContainer state, LogEntry entry, Random random)
      throws IOException {
    if (!(entry instanceof LogEntry.Write write)) {
      return;
    }
    for (int at = 0; at < write.bytes().length; ) {
      int toSector = 512 - (int) ((write.offsetBytes() + at) % 512);
      int length = Math.min(toSector, write.bytes().length - at);
      if (random.nextBoolean()) {
        Images.write(state, write.offsetBytes() + at, ByteBuffer.wrap(write.bytes(), at, length));
      }
      at += length;
    }
  }

  private static RepairPlan repair(MemoryContainer image) throws IOException {
    RepairPlan plan = VhdRepairer.plan(image, VhdChecker.check(image, CheckOptions.standard()));
    VhdRepairer.apply(image, plan);
    assertThat(VhdChecker.check(image, CheckOptions.standard()).findings()).isEmpty();
    return plan;
  }
}
