// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.IntentRecord;
import io.strata.catalog.VdiRecord;
import io.strata.spi.DeviceConfig;
import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// The arguments of intents: how an operation writes down what a replay needs.
final class Replay {
  /// The new VDI, as JSON.
  static final String NEW_VDI = "vdi";

  static final String SOURCE = "source";
  static final String BASE = "base";
  static final String DISPLACED = "displaced";
  static final String SIZE_BYTES = "size-bytes";
  static final String RUN = "run";
  static final String TARGET = "target";
  static final String SURVIVOR_HIDDEN = "survivor-hidden";
  static final String VERSIONS = "versions";
  static final String PBD = "pbd";
  static final String TYPE = "type";
  private static final String DEVICE_CONFIG = "device-config:";

  private Replay() {}

  static VdiRecord newVdi(IntentRecord intent) throws StorageException {
    return VdiJson.parse(intent.sr(), text(intent, NEW_VDI));
  }

  static VdiUuid vdi(IntentRecord intent, String name) throws StorageException {
    return VdiUuid.parse(text(intent, name));
  }

  static String text(IntentRecord intent, String name) throws StorageException {
    String value = intent.arguments().get(name);
    if (value == null) {
      throw new StorageException(
          ErrorCode.METADATA_ERROR,
          "Intent " + intent.id() + " (" + intent.operation() + ") has no " + name + ".",
          "Restore the catalog.");
    }
    return value;
  }

  /// Whether a replay of this intent gives a disk another content or another image, or takes it
  /// away.
  static boolean changes(IntentRecord intent, VdiUuid disk) throws StorageException {
    return switch (Operation.parse(intent.operation())) {
      case VDI_REVERT, VDI_DESTROY, VDI_ABSORB -> vdi(intent, SOURCE).equals(disk);
      case VDI_COALESCE -> text(intent, RUN).startsWith(disk.toString());
      case SR_CREATE,
          SR_DESTROY,
          PBD_PLUG,
          VDI_CREATE,
          VDI_CLONE,
          VDI_SNAPSHOT,
          VDI_RESIZE,
          VDI_IMPORT,
          VDI_OVERWRITE,
          VDI_COPY,
          VDI_FREEZE ->
          false;
    };
  }

  /// Whether this is a copy that writes over a disk.
  static boolean copiesInto(IntentRecord intent, VdiUuid disk) throws StorageException {
    return Operation.parse(intent.operation()) == Operation.VDI_COPY
        && CopyIntent.parse(intent).target().equals(disk);
  }

  /// Nodes that an operation may be making: those of them that the catalog does not know are no
  /// disks yet. A base looks like one until it is hidden.
  static Set<VdiUuid> making(IntentRecord intent) throws StorageException {
    Set<VdiUuid> making = new HashSet<>();
    if (intent.arguments().containsKey(NEW_VDI)) {
      making.add(newVdi(intent).uuid());
    }
    if (intent.arguments().containsKey(BASE)) {
      making.add(vdi(intent, BASE));
    }
    return making;
  }

  static Map<String, String> storage(String type, DeviceConfig config) {
    Map<String, String> arguments = new HashMap<>();
    arguments.put(TYPE, type);
    config.values().forEach((key, value) -> arguments.put(DEVICE_CONFIG + key, value));
    return arguments;
  }

  static DeviceConfig deviceConfig(IntentRecord intent) {
    Map<String, String> values = new HashMap<>();
    intent
        .arguments()
        .forEach((key, value) -> {
          if (key.startsWith(DEVICE_CONFIG)) {
            values.put(key.substring(DEVICE_CONFIG.length()), value);
          }
        });
    return new DeviceConfig(values);
  }
}
