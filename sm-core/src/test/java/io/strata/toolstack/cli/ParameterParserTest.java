// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.spi.StorageException;
import io.strata.toolstack.Json;
import io.strata.toolstack.Operations;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ParameterParserTest {

  private static Json.Members parse(String verb, String... words)
      throws UsageException, StorageException {
    return ParameterParser.parse(Operations.ofVerb(verb).orElseThrow(), List.of(words));
  }

  @Test
  void valuesAreTakenLiterallyUpToTheirEnd() throws UsageException, StorageException {
    Json.Members parsed =
        parse("sr-create", "name-label=a=b;$(reboot)\n'--", "type=file", "shared=yes");
    assertThat(parsed.text("name-label")).isEqualTo("a=b;$(reboot)\n'--");
    assertThat(parsed.get("shared")).contains(Json.of(true));
  }

  @Test
  void keysOfDeviceConfigAreCollected() throws UsageException, StorageException {
    Json.Members parsed =
        parse(
            "sr-create",
            "name-label=x",
            "type=nfs",
            "device-config:server=h",
            "device-config:serverpath=/a=b",
            "sm-config:nosubdir=true");
    assertThat(parsed.members("device-config").text("serverpath")).isEqualTo("/a=b");
    assertThat(parsed.members("sm-config").text("nosubdir")).isEqualTo("true");
  }

  @Test
  void flagsMayBeGivenAsOptions() throws UsageException, StorageException {
    List<String> words = Options.parse(List.of("sr-gc", "--dry-run", "uuid=u", "--json")).words();
    Json.Members parsed = parse("sr-gc", words.subList(1, words.size()).toArray(String[]::new));
    assertThat(parsed.get("dry-run")).contains(Json.of(true));
    assertThatThrownBy(() -> parse("sr-gc", "uuid=u", "--uuid"))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("Unknown option: --uuid");
    assertThatThrownBy(() -> parse("sr-gc", "uuid=u", "--dry-run", "dry-run=false"))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("given twice");
  }

  @Test
  void aValueCanComeFromAFile(@TempDir Path folder)
      throws UsageException, StorageException, IOException {
    Path secret = Files.writeString(folder.resolve("secret"), "s3cret\n");
    Json.Members parsed =
        parse(
            "sr-create",
            "name-label=x",
            "type=lvmoiscsi",
            "device-config:chappassword-filename=" + secret);
    assertThat(parsed.members("device-config").values())
        .containsOnlyKeys("chappassword")
        .containsValue(Json.of("s3cret"));
  }

  @Test
  void aFileThatIsTooLongForAValueIsRefused(@TempDir Path folder) throws IOException {
    Path big = Files.write(folder.resolve("big"), new byte[70_000]);
    assertThatThrownBy(
            () -> parse("sr-create", "name-label=x", "type=y", "device-config:k-filename=" + big))
        .hasMessageContaining("too long");
  }

  @Test
  void sizesHaveUnits() throws UsageException, StorageException {
    Json.Members parsed = parse("vdi-create", "sr-uuid=u", "name-label=d", "virtual-size=2GiB");
    assertThat(parsed.whole("virtual-size")).isEqualTo(2L << 30);
  }

  @Test
  void aMissingParameterIsNamedAsXeNamesIt() {
    assertThatThrownBy(() -> parse("vdi-create", "sr-uuid=u", "virtual-size=1"))
        .isInstanceOf(UsageException.class)
        .hasMessage("Required parameter not found: name-label");
  }

  @Test
  void anUnknownParameterIsRefusedWithTheNearest() {
    assertThatThrownBy(() -> parse("vdi-create", "sr-uid=u"))
        .hasMessage("Unknown parameter: sr-uid. Did you mean 'sr-uuid'?");
    assertThatThrownBy(() -> parse("sr-create", "devise-config:a=b"))
        .hasMessageContaining("Did you mean 'device-config'?");
  }

  @Test
  void aParameterGivenTwiceIsRefused() {
    assertThatThrownBy(() -> parse("sr-scan", "uuid=a", "uuid=b")).hasMessageContaining("twice");
    assertThatThrownBy(() -> parse("sr-probe", "type=x", "device-config:a=1", "device-config:a=2"))
        .hasMessageContaining("twice");
  }

  @Test
  void aWordWithoutValueIsRefusedAndShownEscaped() {
    assertThatThrownBy(() -> parse("sr-scan", "uu\nid")).hasMessageContaining("'uu\\nid'");
    assertThatThrownBy(() -> parse("sr-scan", "=x")).isInstanceOf(UsageException.class);
  }

  @Test
  void fieldsFilterListings() throws UsageException, StorageException {
    Json.Members parsed =
        parse("vdi-list", "sr-uuid=u", "other-config:k=v", "params=uuid,name-label");
    assertThat(parsed.members("where").text("sr-uuid")).isEqualTo("u");
    assertThat(parsed.members("where").text("other-config:k")).isEqualTo("v");
    assertThat(parsed.items("params")).hasSize(2);
    assertThatThrownBy(() -> parse("vdi-list", "colour=red"))
        .hasMessageContaining("Unknown parameter: colour");
  }

  @Test
  void paramSetTakesFieldsAndKeys() throws UsageException, StorageException {
    Json.Members parsed = parse("vdi-param-set", "uuid=u", "name-label=n", "other-config:k=v");
    assertThat(parsed.members("values").text("name-label")).isEqualTo("n");
    assertThat(parsed.members("values").text("other-config:k")).isEqualTo("v");
    assertThat(parsed.text("uuid")).isEqualTo("u");
  }

  @Test
  void paramAddTakesAnyKey() throws UsageException, StorageException {
    Json.Members parsed =
        parse("vdi-param-add", "uuid=u", "param-name=other-config", "my key=value");
    assertThat(parsed.members("values").text("my key")).isEqualTo("value");
  }

  @Test
  void filesBecomeAbsolute() throws UsageException, StorageException {
    assertThat(parse("vdi-import", "filename=disk.raw", "sr-uuid=u").text("filename"))
        .isEqualTo(Path.of("disk.raw").toAbsolutePath().toString());
  }
}
