// SPDX-License-Identifier: Apache-2.0
package io.strata.driver.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.spi.DeviceConfig;
import io.strata.spi.ErrorCode;
import io.strata.spi.ProbeResult.Candidate;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageDriver;
import io.strata.spi.StorageException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.ServiceLoader;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FileDriverTest {
  private final FileDriver driver = new FileDriver();
  private final SrUuid sr = SrUuid.random();

  @TempDir Path given;

  private Path folder;

  @BeforeEach
  void followLinksOfTheTemporaryFolder() throws Exception {
    folder = given.toRealPath();
  }

  @Test
  void theDriversAreFoundAsServices() {
    assertThat(ServiceLoader.load(StorageDriver.class))
        .extracting(found -> found.describe().type())
        .contains("file", "ext", "xfs");
  }

  @Test
  void createMakesTheFolderForTheDaemonAloneAndMarksIt() throws Exception {
    Path location = folder.resolve("sr");

    driver.create(sr, at(location));

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(location)))
        .isEqualTo("rwx------");
    assertThat(Files.readString(location.resolve(".strata-sr")))
        .isEqualTo("strata-sr 1\nuuid=" + sr + "\n");
    try (var names = Files.list(location)) {
      assertThat(names).hasSize(1);
    }
  }

  @Test
  void createIsRepeatedWithoutHarm() throws Exception {
    driver.create(sr, at(folder));
    driver.create(sr, at(folder));

    assertThat(onlyCandidate(folder).sr()).contains(sr);
  }

  @Test
  void aDraftOfTheMarkerThatACrashLeftDoesNotStopTheReplay() throws Exception {
    Path location = Files.createDirectory(folder.resolve("sr"));
    Files.writeString(location.resolve(".strata-sr." + sr + ".tmp"), "strata");

    driver.create(sr, at(location));

    try (var names = Files.list(location)) {
      assertThat(names).hasSize(1);
    }
  }

  @Test
  void aSecondSrInTheSameFolderIsRefused() throws Exception {
    driver.create(sr, at(folder));

    refused(ErrorCode.SR_IN_USE, sr.toString(), () -> driver.create(SrUuid.random(), at(folder)));
    refused(ErrorCode.SR_IN_USE, sr.toString(), () -> driver.attach(SrUuid.random(), at(folder)));
  }

  @Test
  void aFolderInsideAnotherSrIsRefused() throws Exception {
    driver.create(sr, at(folder));
    Path inside = Files.createDirectory(folder.resolve("inside"));

    refused(ErrorCode.SR_IN_USE, sr.toString(), () -> driver.create(SrUuid.random(), at(inside)));
  }

  @Test
  void aFolderThatHoldsSomethingElseIsRefusedAndNamed() throws Exception {
    Files.writeString(folder.resolve("letters.txt"), "dear");

    refused(ErrorCode.SR_EXISTS, "letters.txt", () -> driver.create(sr, at(folder)));
    assertThat(onlyCandidate(folder).complete()).isFalse();
    assertThat(folder.resolve(".strata-sr")).doesNotExist();
  }

  @Test
  void aMissingLocationIsNumber94() {
    refused(
        ErrorCode.CONFIG_LOCATION_MISSING,
        "location",
        () -> driver.create(sr, new DeviceConfig(Map.of())));
  }

  @Test
  void aMissingParentIsNotMade() {
    Path location = folder.resolve("not-mounted/sr");

    refused(ErrorCode.SR_UNAVAILABLE, location.toString(), () -> driver.create(sr, at(location)));
    assertThat(folder.resolve("not-mounted")).doesNotExist();
  }

  @Test
  void aFileIsNotALocation() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "");

    refused(ErrorCode.INVALID_ARG, "is a file", () -> driver.create(sr, at(file)));
  }

  @Test
  void symbolicLinksAreRefusedAtTheEndAndOnTheWay() throws Exception {
    Path real = Files.createDirectories(folder.resolve("real/sr"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), real);
    Path through =
        Files.createSymbolicLink(folder.resolve("way"), folder.resolve("real")).resolve("sr");
    Path dangling = Files.createSymbolicLink(folder.resolve("dangling"), folder.resolve("new"));

    refused(ErrorCode.INVALID_ARG, "symbolic link", () -> driver.create(sr, at(link)));
    refused(ErrorCode.INVALID_ARG, "symbolic link", () -> driver.create(sr, at(through)));
    refused(
        ErrorCode.INVALID_ARG, "symbolic link", () -> driver.create(sr, at(through.resolve("x"))));
    refused(ErrorCode.INVALID_ARG, "symbolic link", () -> driver.create(sr, at(dangling)));
    assertThat(real).isEmptyDirectory();
    assertThat(folder.resolve("new")).doesNotExist();
  }

  @Test
  void relativeAndWindingPathsAndControlCharactersAreRefused() {
    for (String bad : new String[] {"srv/sr", "/srv/../etc", "/srv/./x", "/"}) {
      refused(ErrorCode.INVALID_ARG, bad, () -> driver.create(sr, at(bad)));
    }
    refused(ErrorCode.BAD_CHARACTER, "/srv/a?b", () -> driver.create(sr, at("/srv/a\nb")));
    refused(ErrorCode.INVALID_ARG, "kernel's own", () -> driver.create(sr, at("/proc/sys")));
  }

  @Test
  void aLocationWithShellCharactersIsTakenLiterally() throws Exception {
    Path location = folder.resolve(";$(touch x) `y`");

    driver.create(sr, at(location));

    assertThat(location.resolve(".strata-sr")).exists();
  }

  @Test
  void probeSaysWhichSrLivesThereAndChangesNothing() throws Exception {
    Path location = folder.resolve("sr");
    assertThat(onlyCandidate(location).complete()).isTrue();
    assertThat(onlyCandidate(location).sr()).isEmpty();
    assertThat(location).doesNotExist();

    driver.create(sr, at(location));

    Candidate candidate = onlyCandidate(location);
    assertThat(candidate.sr()).contains(sr);
    assertThat(candidate.complete()).isTrue();
    assertThat(candidate.details()).containsKeys("path", "size", "free");
  }

  @Test
  void aMarkerThatIsDamagedIsAnErrorNotAnEmptyFolder() throws Exception {
    Files.writeString(folder.resolve(".strata-sr"), "strata-sr 1\nuuid=../../etc\n");

    refused(ErrorCode.METADATA_ERROR, ".strata-sr", () -> driver.create(sr, at(folder)));
    refused(ErrorCode.METADATA_ERROR, ".strata-sr", () -> driver.probe(at(folder)));
  }

  @Test
  void attachRefusesAFolderWithoutTheMarker() throws Exception {
    refused(ErrorCode.SR_UNAVAILABLE, ".strata-sr", () -> driver.attach(sr, at(folder)));
    refused(
        ErrorCode.SR_UNAVAILABLE,
        "is not there",
        () -> driver.attach(sr, at(folder.resolve("gone"))));
  }

  @Test
  void destroyRefusesWhileThereAreVolumesAndThenLeavesTheEmptyFolder() throws Exception {
    driver.create(sr, at(folder));
    Path volume = Files.writeString(folder.resolve(SrUuid.random() + ".vhd"), "");
    Files.writeString(folder.resolve(".strata-sr.lock"), "");

    refused(ErrorCode.SR_NOT_EMPTY, ".vhd", () -> driver.destroy(sr, at(folder)));
    Files.delete(volume);
    driver.destroy(sr, at(folder));
    driver.destroy(sr, at(folder));

    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void destroyOfAnotherSrIsRefused() throws Exception {
    driver.create(sr, at(folder));

    refused(ErrorCode.SR_IN_USE, sr.toString(), () -> driver.destroy(SrUuid.random(), at(folder)));
    assertThat(folder.resolve(".strata-sr")).exists();
  }

  private Candidate onlyCandidate(Path location) throws StorageException {
    return driver.probe(at(location)).candidates().getFirst();
  }

  private static DeviceConfig at(Path location) {
    return at(location.toString());
  }

  private static DeviceConfig at(String location) {
    return new DeviceConfig(Map.of("location", location));
  }

  private static void refused(ErrorCode code, String saying, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StorageException.class,
            failure -> {
              assertThat(failure.code()).as(failure.getMessage()).isEqualTo(code);
              assertThat(failure.what()).contains(saying);
              assertThat(failure.remedy()).isNotBlank();
            });
  }
}
