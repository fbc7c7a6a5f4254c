// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.toolstack.Json;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ProbeXmlTest {

  private static Json.Members candidate(
      Map<String, String> config, boolean complete, Json sr, Map<String, String> details) {
    return Json.object()
        .with("configuration", Json.texts(config))
        .with("complete", complete)
        .with("sr", sr)
        .with("extra_info", Json.texts(details))
        .build();
  }

  @Test
  void aCompleteProbeListsSrs() {
    Json found =
        candidate(
            Map.of("location", "/srv"),
            true,
            Json.of("fe1e2a8b-0000-4000-8000-000000000001"),
            Map.of("path", "/srv"));
    assertThat(ProbeXml.of("file", Json.object().with("location", "/srv").build(), List.of(found)))
        .isEqualTo(
            """
            <?xml version="1.0" ?>
            <SRlist>
            \t<SR>
            \t\t<UUID>fe1e2a8b-0000-4000-8000-000000000001</UUID>
            \t</SR>
            </SRlist>
            """);
  }

  @Test
  void aFreePlaceHoldsNoSr() {
    Json found = candidate(Map.of("location", "/srv"), true, Json.Nothing.NULL, Map.of());
    assertThat(ProbeXml.of("file", Json.object().with("location", "/srv").build(), List.of(found)))
        .isEqualTo("<?xml version=\"1.0\" ?>\n<SRlist/>\n");
  }

  @Test
  void disksAreListedWhereNoneIsNamedAndTheirTextIsEscaped() {
    Json found =
        candidate(
            Map.of("device", "/dev/sdb"),
            true,
            Json.Nothing.NULL,
            Map.of("vendor", "A&B <\u0001>"));
    assertThat(ProbeXml.of("ext", Json.Members.NONE, List.of(found)))
        .isEqualTo(
            """
            <?xml version="1.0" ?>
            <Devlist>
            \t<BlockDevice>
            \t\t<vendor>A&amp;B &lt;?&gt;</vendor>
            \t</BlockDevice>
            </Devlist>
            """);
  }

  @Test
  void targetsAreListedWithTheirPortWhereItIsUnusual() {
    Json usual =
        candidate(
            Map.of("target", "10.0.0.1", "port", "3260", "targetIQN", "iqn.2026-01.a:b"),
            false,
            Json.Nothing.NULL,
            Map.of());
    Json unusual =
        candidate(
            Map.of("target", "10.0.0.1", "port", "3261", "targetIQN", "*"),
            false,
            Json.Nothing.NULL,
            Map.of());
    assertThat(
            ProbeXml.of(
                "lvmoiscsi",
                Json.object().with("target", "10.0.0.1").build(),
                List.of(usual, unusual)))
        .isEqualTo(
            """
            <?xml version="1.0" ?>
            <iscsi-target-iqns>
            \t<TGT>
            \t\t<Index>0</Index>
            \t\t<IPAddress>10.0.0.1</IPAddress>
            \t\t<TargetIQN>iqn.2026-01.a:b</TargetIQN>
            \t</TGT>
            \t<TGT>
            \t\t<Index>1</Index>
            \t\t<IPAddress>10.0.0.1</IPAddress>
            \t\t<Port>3261</Port>
            \t\t<TargetIQN>*</TargetIQN>
            \t</TGT>
            </iscsi-target-iqns>
            """);
  }
}
