// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.strata.catalog.SrRecord;
import io.strata.catalog.VdiRecord;
import io.strata.spi.ErrorCode;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/// What an SR says of itself: its names, and the names, keys and snapshot relations of its VDIs.
///
/// Layout: one line of ASCII, `STRATA-SR-METADATA 1 SHA256`, where SHA256 is that of all bytes
/// after the line in lower-case hexadecimal; then a JSON object in UTF-8. The 1 is the version of
/// the layout and of the object.
///
/// @param generation counts the changes; the higher one is newer
record SrDocument(SrRecord sr, long generation, Map<VdiUuid, VdiRecord> vdis) {
  private static final String MAGIC = "STRATA-SR-METADATA 1 ";
  private static final int CHECKSUM_CHARACTERS = 64;
  private static final int HEADER_BYTES = MAGIC.length() + CHECKSUM_CHARACTERS + 1;
  private static final ObjectMapper JSON = new ObjectMapper();

  static SrDocument of(SrRecord sr, long generation, List<VdiRecord> vdis) {
    Map<VdiUuid, VdiRecord> byUuid = new LinkedHashMap<>();
    vdis.forEach(vdi -> byUuid.put(vdi.uuid(), vdi));
    return new SrDocument(sr, generation, byUuid);
  }

  byte[] toBytes() {
    ObjectNode root = JSON.createObjectNode();
    root.put("generation", generation);
    root.set("sr", SrJson.write(sr));
    var list = root.putArray("vdis");
    vdis.values().stream().filter(VdiRecord::managed).map(VdiJson::write).forEach(list::add);
    byte[] body = root.toString().getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream out = new ByteArrayOutputStream(HEADER_BYTES + body.length);
    out.writeBytes((MAGIC + checksum(body) + "\n").getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(body);
    return out.toByteArray();
  }

  /// @throws StorageException [ErrorCode#METADATA_ERROR] for anything that [#toBytes] did not make,
  ///   and for the description of another SR
  static SrDocument parse(SrUuid sr, byte[] bytes) throws StorageException {
    if (bytes.length < HEADER_BYTES) {
      throw corrupt(sr, "it has " + bytes.length + " bytes, expected at least " + HEADER_BYTES);
    }
    String header = new String(bytes, 0, HEADER_BYTES - 1, StandardCharsets.US_ASCII);
    if (!header.startsWith(MAGIC)) {
      throw corrupt(sr, "it does not begin with '" + MAGIC.strip() + "'");
    }
    byte[] body = Arrays.copyOfRange(bytes, HEADER_BYTES, bytes.length);
    String found = checksum(body);
    if (!header.substring(MAGIC.length()).equals(found)) {
      throw corrupt(
          sr, "its checksum is " + found + ", expected " + header.substring(MAGIC.length()));
    }
    return parseBody(sr, body);
  }

  private static SrDocument parseBody(SrUuid sr, byte[] body) throws StorageException {
    try {
      JsonNode root = JSON.readTree(new String(body, StandardCharsets.UTF_8));
      UUID uuid = UUID.fromString(root.required("sr").required("uuid").asText());
      if (!uuid.equals(sr.value())) {
        throw corrupt(sr, "it describes SR " + uuid);
      }
      Map<VdiUuid, VdiRecord> vdis = new LinkedHashMap<>();
      for (JsonNode node : root.required("vdis")) {
        VdiRecord vdi = VdiJson.read(sr, node);
        vdis.put(vdi.uuid(), vdi);
      }
      return new SrDocument(
          SrJson.read(sr, root.required("sr")), root.required("generation").asLong(), vdis);
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw corrupt(sr, String.valueOf(e.getMessage()));
    }
  }

  private static StorageException corrupt(SrUuid sr, String why) {
    return new StorageException(
        ErrorCode.METADATA_ERROR,
        "The description that SR " + sr + " carries is damaged: " + why + ".",
        "Its disks are usable; give them their names again.");
  }

  private static String checksum(byte[] body) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }
}
