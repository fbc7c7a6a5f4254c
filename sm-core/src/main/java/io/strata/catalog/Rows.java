// SPDX-License-Identifier: Apache-2.0
package io.strata.catalog;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.strata.spi.AccessMode;
import io.strata.spi.DeviceConfig;
import io.strata.spi.ErrorCode;
import io.strata.spi.HostUuid;
import io.strata.spi.PbdUuid;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/// Rows as records.
final class Rows {
  static final String SELECT_SR =
      """
      SELECT sr.*, (SELECT COALESCE(SUM(virtual_size), 0) FROM vdi
                    WHERE vdi.sr = sr.uuid AND managed = 1) AS virtual_allocation
      FROM sr\
      """;
  static final String DEVICE_CONFIG = "device-config";
  static final String OTHER_CONFIG = "other-config";

  private static final ObjectMapper JSON = new ObjectMapper();

  private Rows() {}

  static HostRecord host(ResultSet row) throws SQLException {
    return new HostRecord(new HostUuid(uuid(row, "uuid")), row.getString("name_label"));
  }

  static SrRecord sr(ResultSet row, PropertyRows properties) throws SQLException {
    String uuid = row.getString("uuid");
    return new SrRecord(
        new SrUuid(UUID.fromString(uuid)),
        row.getString("type"),
        row.getString("name_label"),
        row.getString("name_description"),
        flag(row, "shared"),
        row.getString("content_type"),
        row.getLong("physical_size"),
        row.getLong("physical_utilisation"),
        row.getLong("virtual_allocation"),
        text(row, "problem"),
        properties.tags(uuid),
        properties.of(uuid, SrMap.SM_CONFIG.parameter()),
        properties.of(uuid, SrMap.OTHER_CONFIG.parameter()));
  }

  static PbdRecord pbd(ResultSet row, PropertyRows properties) throws SQLException {
    String uuid = row.getString("uuid");
    return new PbdRecord(
        new PbdUuid(UUID.fromString(uuid)),
        new SrUuid(uuid(row, "sr")),
        new HostUuid(uuid(row, "host")),
        new DeviceConfig(properties.of(uuid, DEVICE_CONFIG)),
        flag(row, "plugged"),
        text(row, "last_error"),
        properties.of(uuid, OTHER_CONFIG));
  }

  static VdiRecord vdi(ResultSet row, PropertyRows properties) throws SQLException {
    String uuid = row.getString("uuid");
    return new VdiRecord(
        new VdiUuid(UUID.fromString(uuid)),
        new SrUuid(uuid(row, "sr")),
        row.getString("type"),
        row.getString("name_label"),
        row.getString("name_description"),
        row.getLong("virtual_size"),
        row.getLong("physical_utilisation"),
        flag(row, "read_only"),
        flag(row, "sharable"),
        flag(row, "managed"),
        flag(row, "is_a_snapshot"),
        vdiUuid(row, "snapshot_of"),
        Instant.ofEpochMilli(row.getLong("snapshot_time")),
        vdiUuid(row, "parent"),
        row.getString("location"),
        Volume.Kind.valueOf(row.getString("kind")),
        flag(row, "missing"),
        text(row, "problem"),
        text(row, "content_id"),
        row.getString("qos_algorithm_type"),
        properties.tags(uuid),
        properties.of(uuid, VdiMap.SM_CONFIG.parameter()),
        properties.of(uuid, VdiMap.OTHER_CONFIG.parameter()),
        properties.of(uuid, VdiMap.KEYS.parameter()),
        properties.of(uuid, VdiMap.QOS_ALGORITHM_PARAMS.parameter()),
        flag(row, "cbt_enabled"));
  }

  static AttachmentRecord attachment(ResultSet row) throws SQLException {
    return new AttachmentRecord(
        new VdiUuid(uuid(row, "vdi")),
        new HostUuid(uuid(row, "host")),
        row.getString("domain"),
        AccessMode.valueOf(row.getString("mode")),
        flag(row, "activated"),
        row.getString("endpoint"),
        text(row, "last_error"));
  }

  static IntentRecord intent(ResultSet row) throws SQLException, StorageException {
    return new IntentRecord(
        uuid(row, "id"),
        row.getString("operation"),
        new SrUuid(uuid(row, "sr")),
        arguments(row.getString("arguments")),
        row.getString("step"),
        new HostUuid(uuid(row, "host")),
        row.getLong("token"),
        Instant.ofEpochMilli(row.getLong("created")));
  }

  static String json(Map<String, String> arguments) {
    try {
      return JSON.writeValueAsString(arguments);
    } catch (JsonProcessingException e) {
      throw new AssertionError("a map of strings is always JSON", e);
    }
  }

  private static Map<String, String> arguments(String json) throws StorageException {
    try {
      return JSON.readValue(json, new TypeReference<Map<String, String>>() {});
    } catch (JsonProcessingException e) {
      throw new StorageException(
          ErrorCode.METADATA_ERROR,
          "An intent's arguments in the catalog are no JSON.",
          "Restore the catalog.",
          e);
    }
  }

  private static UUID uuid(ResultSet row, String column) throws SQLException {
    return UUID.fromString(row.getString(column));
  }

  private static Optional<VdiUuid> vdiUuid(ResultSet row, String column) throws SQLException {
    return text(row, column).map(UUID::fromString).map(VdiUuid::new);
  }

  private static Optional<String> text(ResultSet row, String column) throws SQLException {
    return Optional.ofNullable(row.getString(column));
  }

  private static boolean flag(ResultSet row, String column) throws SQLException {
    return row.getLong(column) != 0;
  }
}
