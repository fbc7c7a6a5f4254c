// SPDX-License-Identifier: Apache-2.0
package io.strata.catalog;

import io.strata.spi.SrUuid;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A virtual disk as the catalog knows it. Hidden base copies are rows too, with `managed` false.
///
/// @param type `user`, `system`, `suspend`, `metadata`...
/// @param virtualSizeBytes size a guest sees
/// @param physicalUtilisationBytes storage it takes by itself, at the last look
/// @param managed whether it is a VDI of its own, not a hidden base copy
/// @param snapshotOf the VDI it was taken of
/// @param snapshotTime when; the epoch where it is no snapshot
/// @param parent the node it depends on
/// @param location the SR's own name for it: here its UUID
/// @param missing whether the last scan did not find it on the storage
/// @param problem why it can't be used, where it can't
/// @param contentId equal for disks of equal content, where that is known
/// @param qosAlgorithmType the chosen quality-of-service algorithm, or empty
/// @param cbtEnabled whether its changes are asked for (changed block tracking)
/// @param keys what a toolstack keeps with the volume (SMAPIv3 `Volume.set`)
public record VdiRecord(
    VdiUuid uuid,
    SrUuid sr,
    String type,
    String nameLabel,
    String nameDescription,
    long virtualSizeBytes,
    long physicalUtilisationBytes,
    boolean readOnly,
    boolean sharable,
    boolean managed,
    boolean isASnapshot,
    Optional<VdiUuid> snapshotOf,
    Instant snapshotTime,
    Optional<VdiUuid> parent,
    String location,
    Volume.Kind kind,
    boolean missing,
    Optional<String> problem,
    Optional<String> contentId,
    String qosAlgorithmType,
    List<String> tags,
    Map<String, String> smConfig,
    Map<String, String> otherConfig,
    Map<String, String> keys,
    Map<String, String> qosAlgorithmParams,
    boolean cbtEnabled) {

  /// The field's type of a snapshot whose data were destroyed.
  public static final String CBT_METADATA = "cbt_metadata";

  public VdiRecord {
    tags = List.copyOf(tags);
    smConfig = Properties.copyOf(smConfig);
    otherConfig = Properties.copyOf(otherConfig);
    keys = Properties.copyOf(keys);
    qosAlgorithmParams = Properties.copyOf(qosAlgorithmParams);
  }

  /// Whether it is a snapshot of which only the change information is kept.
  public boolean metadataOnly() {
    return type.equals(CBT_METADATA);
  }

  /// Whether users have it as a disk or a snapshot with its data: a flag in its image, which may be
  /// damaged, is not enough to give it up.
  public boolean holdsDisk() {
    return managed && !metadataOnly();
  }

  /// Names its content as it is now, where that is known: a snapshot never changes.
  public Optional<String> knownContent() {
    return contentId.or(() -> isASnapshot ? Optional.of(uuid.toString()) : Optional.empty());
  }

  /// The same, not found on the storage, and with a parent that nobody knows.
  public VdiRecord lost() {
    return new VdiRecord(
        uuid,
        sr,
        type,
        nameLabel,
        nameDescription,
        virtualSizeBytes,
        physicalUtilisationBytes,
        readOnly,
        sharable,
        managed,
        isASnapshot,
        snapshotOf,
        snapshotTime,
        Optional.empty(),
        location,
        kind,
        true,
        problem,
        contentId,
        qosAlgorithmType,
        tags,
        smConfig,
        otherConfig,
        keys,
        qosAlgorithmParams,
        cbtEnabled);
  }

  /// The same with another content id.
  public VdiRecord withContentId(Optional<String> id) {
    return new VdiRecord(
        uuid,
        sr,
        type,
        nameLabel,
        nameDescription,
        virtualSizeBytes,
        physicalUtilisationBytes,
        readOnly,
        sharable,
        managed,
        isASnapshot,
        snapshotOf,
        snapshotTime,
        parent,
        location,
        kind,
        missing,
        problem,
        id,
        qosAlgorithmType,
        tags,
        smConfig,
        otherConfig,
        keys,
        qosAlgorithmParams,
        cbtEnabled);
  }
}
