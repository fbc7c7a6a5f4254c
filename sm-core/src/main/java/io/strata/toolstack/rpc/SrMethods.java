// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import io.strata.gc.GcAction;
import io.strata.manager.PbdCreate;
import io.strata.manager.ScanReport;
import io.strata.manager.SrCheckReport;
import io.strata.manager.SrCreate;
import io.strata.manager.SrIntroduce;
import io.strata.manager.StorageManager;
import io.strata.spi.DeviceConfig;
import io.strata.spi.ErrorCode;
import io.strata.spi.HostUuid;
import io.strata.spi.PbdUuid;
import io.strata.spi.ProbeResult;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.VolumeFinding;
import io.strata.toolstack.FindingText;
import io.strata.toolstack.Json;
import java.util.List;
import java.util.Optional;

/// Methods of SRs and of the PBDs that connect them.
final class SrMethods {
  private final StorageManager manager;

  SrMethods(StorageManager manager) {
    this.manager = manager;
  }

  void addTo(ApiMethods methods) {
    methods
        .add("sr.create", (arguments, call) -> create(arguments))
        .add("sr.probe", (arguments, call) -> probe(arguments))
        .add("sr.introduce", (arguments, call) -> introduce(arguments))
        .add("sr.scan", (arguments, call) -> scanned(manager.srScan(sr(arguments))))
        .add("sr.gc", (arguments, call) -> collect(arguments))
        .add("sr.check", this::check)
        .add("sr.update", on(manager::srUpdate))
        .add("sr.forget", on(manager::srForget))
        .add("sr.destroy", on(manager::srDestroy))
        .add("pbd.create", (arguments, call) -> createPbd(arguments))
        .add("pbd.plug", onPbd(manager::pbdPlug))
        .add("pbd.unplug", onPbd(manager::pbdUnplug))
        .add("pbd.destroy", onPbd(manager::pbdDestroy));
  }

  private static SrUuid sr(Arguments arguments) throws StorageException {
    return SrUuid.parse(arguments.text("uuid"));
  }

  private static ApiMethod on(Change<SrUuid> change) {
    return (arguments, call) -> {
      change.make(sr(arguments));
      return Json.Members.NONE;
    };
  }

  private static ApiMethod onPbd(Change<PbdUuid> change) {
    return (arguments, call) -> {
      change.make(PbdUuid.parse(arguments.text("uuid")));
      return Json.Members.NONE;
    };
  }

  private Json create(Arguments arguments) throws StorageException {
    checkHost(arguments);
    Optional<String> uuid = arguments.optional("uuid");
    SrUuid sr =
        manager.srCreate(
            new SrCreate(
                uuid.isEmpty() ? Optional.empty() : Optional.of(SrUuid.parse(uuid.get())),
                arguments.text("type"),
                arguments.text("name-label"),
                arguments.text("name-description"),
                new DeviceConfig(arguments.map("device-config")),
                arguments.flag("shared"),
                arguments.optional("content-type").orElse("user"),
                arguments.map("sm-config")));
    return Answers.uuid(sr);
  }

  private Json probe(Arguments arguments) throws StorageException {
    checkHost(arguments);
    ProbeResult found =
        manager.srProbe(arguments.text("type"), new DeviceConfig(arguments.map("device-config")));
    return new Json.Items(found.candidates().stream().map(SrMethods::candidate).toList());
  }

  private static Json candidate(ProbeResult.Candidate candidate) {
    return Json.object()
        .with("configuration", Json.texts(candidate.config().values()))
        .with("complete", candidate.complete())
        .with("sr", Json.of(candidate.sr()))
        .with("extra_info", Json.texts(candidate.details()))
        .build();
  }

  private Json introduce(Arguments arguments) throws StorageException {
    return Answers.uuid(
        manager.srIntroduce(
            new SrIntroduce(
                sr(arguments),
                arguments.text("type"),
                arguments.text("name-label"),
                arguments.text("name-description"),
                arguments.flag("shared"),
                arguments.optional("content-type").orElse("user"))));
  }

  private static Json scanned(ScanReport report) {
    return Json.object()
        .with("added", Json.texts(report.added()))
        .with("missing", Json.texts(report.missing()))
        .with("found", Json.texts(report.found()))
        .with("gone", Json.texts(report.gone()))
        .build();
  }

  private Json collect(Arguments arguments) throws StorageException {
    List<GcAction> actions =
        arguments.flag("dry-run") ? manager.srGcPlan(sr(arguments)) : manager.srGc(sr(arguments));
    return new Json.Items(actions.stream().map(SrMethods::collected).toList());
  }

  private static Json collected(GcAction action) {
    return switch (action) {
      case GcAction.Remove a -> collected("remove", a.node(), "", a.bytes(), a.reason());
      case GcAction.MergeRun a ->
          collected(
              "merge", a.spec().survivor(), a.spec().target().toString(), a.bytes(), a.reason());
      case GcAction.MergeLeaf a ->
          collected("merge-running", a.volume(), "", a.bytes(), a.reason());
      case GcAction.Keep a -> collected("keep", a.node(), "", 0, a.reason());
    };
  }

  private static Json collected(
      String action, VdiUuid node, String target, long bytes, String reason) {
    return Json.object()
        .with("action", action)
        .with("node", node.toString())
        .with("target", target)
        .with("bytes", bytes)
        .with("reason", reason)
        .build();
  }

  private Json check(Arguments arguments, Call call) throws StorageException {
    SrCheckReport report = manager.srCheck(sr(arguments), arguments.flag("data"), call);
    return Json.object()
        .with("sr", report.sr().toString())
        .with("checked", report.checked())
        .with("busy", Json.texts(report.busy()))
        .with("errors", report.count(VolumeFinding.Severity.ERROR))
        .with("warnings", report.count(VolumeFinding.Severity.WARNING))
        .with("more-findings", report.moreFindings())
        .with(
            "findings",
            new Json.Items(
                report.findings().stream().map(finding -> FindingText.of(finding).json()).toList()))
        .build();
  }

  private Json createPbd(Arguments arguments) throws StorageException {
    Optional<String> host = arguments.optional("host-uuid");
    return Answers.uuid(
        manager.pbdCreate(
            new PbdCreate(
                SrUuid.parse(arguments.text("sr-uuid")),
                host.isEmpty() ? Optional.empty() : Optional.of(HostUuid.parse(host.get())),
                new DeviceConfig(arguments.map("device-config")))));
  }

  private void checkHost(Arguments arguments) throws StorageException {
    Optional<String> host = arguments.optional("host-uuid");
    if (host.isPresent() && !HostUuid.parse(host.get()).equals(manager.host().uuid())) {
      throw new StorageException(
          ErrorCode.INVALID_ARG,
          "Host " + host.get() + " is not this host.",
          "Run the command on that host, or leave host-uuid out.");
    }
  }

  /// Something done to one object.
  @FunctionalInterface
  interface Change<T> {
    void make(T identity) throws StorageException;
  }
}
