// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

/// Numbers of the errors that toolstacks of this field know as `SR_BACKEND_FAILURE_<number>`.
///
/// Numbers and names are those of the field (xapi-project/sm, `XE_SR_ERRORCODES.xml`) and never
/// change. [#GENERIC_EXCEPTION] is only for a defect of Strata itself.
public enum ErrorCode {
  INVALID_ARG(1, "InvalidArg", Category.USER),
  BAD_CHARACTER(2, "BadCharacter", Category.USER),
  SR_IN_USE(16, "SRInUse", Category.USER),
  INVALID_DEV(19, "InvalidDev", Category.USER),
  INVALID_SECRET(20, "InvalidSecret", Category.USER),
  VDI_IN_USE(24, "VDIInUse", Category.USER),
  LOCK_ERR(37, "LockErr", Category.TRANSIENT),
  UNIMPLEMENTED(38, "Unimplemented", Category.USER),
  SR_NOT_EMPTY(39, "SRNotEmpty", Category.USER),
  SR_SCAN(40, "SRScan", Category.BACKEND),
  SR_EXISTS(42, "SRExists", Category.USER),
  VDI_EXISTS(43, "VDIExists", Category.USER),
  SR_NO_SPACE(44, "SRNoSpace", Category.BACKEND),
  VDI_UNAVAILABLE(46, "VDIUnavailable", Category.USER),
  SR_UNAVAILABLE(47, "SRUnavailable", Category.TRANSIENT),
  SR_UNKNOWN_TYPE(48, "SRUnknownType", Category.USER),
  SR_BAD_XML(49, "SRBadXML", Category.USER),
  LVM_MOUNT(52, "LVMMount", Category.BACKEND),
  LVM_UN_MOUNT(53, "LVMUnMount", Category.BACKEND),
  LVM_PART_IN_USE(56, "LVMPartInUse", Category.TRANSIENT),
  LVM_FILESYSTEM(57, "LVMFilesystem", Category.BACKEND),
  LVM_MASTER(58, "LVMMaster", Category.USER),
  FILE_SR_CREATE(61, "FileSRCreate", Category.BACKEND),
  FILE_SR_RM_DIR(62, "FileSRRmDir", Category.BACKEND),
  FILE_SR_DELETE(63, "FileSRDelete", Category.BACKEND),
  VDI_REMOVE(64, "VDIRemove", Category.BACKEND),
  VDI_LOAD(65, "VDILoad", Category.CORRUPT),
  VDI_TYPE(66, "VDIType", Category.USER),
  ISCSI_DEVICE(67, "ISCSIDevice", Category.BACKEND),
  ISCSI_LOGIN(68, "ISCSILogin", Category.TRANSIENT),
  ISCSI_LOGOUT(69, "ISCSILogout", Category.TRANSIENT),
  ISCSI_INITIATOR(70, "ISCSIInitiator", Category.BACKEND),
  ISCSI_DAEMON(71, "ISCSIDaemon", Category.TRANSIENT),
  NFS_VERSION(72, "NFSVersion", Category.BACKEND),
  NFS_MOUNT(73, "NFSMount", Category.TRANSIENT),
  NFS_UN_MOUNT(74, "NFSUnMount", Category.TRANSIENT),
  NFS_ATTACHED(75, "NFSAttached", Category.BACKEND),
  NFS_DELETE(76, "NFSDelete", Category.BACKEND),
  VDI_CREATE(78, "VDICreate", Category.BACKEND),
  VDI_SIZE(79, "VDISize", Category.USER),
  VDI_DELETE(80, "VDIDelete", Category.BACKEND),
  VDI_CLONE(81, "VDIClone", Category.USER),
  VDI_SNAPSHOT(82, "VDISnapshot", Category.USER),
  ISCSI_DISCOVERY(83, "ISCSIDiscovery", Category.BACKEND),
  ISCSIIQN(84, "ISCSIIQN", Category.BACKEND),
  ISCSI_DETACH(85, "ISCSIDetach", Category.BACKEND),
  ISCSI_QUERY_DAEMON(86, "ISCSIQueryDaemon", Category.TRANSIENT),
  CONFIG_LUN_MISSING(87, "ConfigLUNMissing", Category.BACKEND),
  NFS_CREATE(88, "NFSCreate", Category.BACKEND),
  CONFIG_DEVICE_MISSING(90, "ConfigDeviceMissing", Category.USER),
  CONFIG_DEVICE_INVALID(91, "ConfigDeviceInvalid", Category.USER),
  VOL_NOT_FOUND(92, "VolNotFound", Category.CORRUPT),
  CONFIG_LOCATION_MISSING(94, "ConfigLocationMissing", Category.USER),
  CONFIG_TARGET_MISSING(95, "ConfigTargetMissing", Category.USER),
  CONFIG_TARGET_IQN_MISSING(96, "ConfigTargetIQNMissing", Category.USER),
  CONFIG_ISCSIIQN_MISSING(97, "ConfigISCSIIQNMissing", Category.USER),
  CONFIG_LUN_SERIAL_MISSING(98, "ConfigLUNSerialMissing", Category.USER),
  LVM_ONE_LUN(99, "LVMOneLUN", Category.USER),
  CONFIG_SERVER_PATH_MISSING(101, "ConfigServerPathMissing", Category.USER),
  CONFIG_SERVER_MISSING(102, "ConfigServerMissing", Category.USER),
  CONFIG_SERVER_PATH_BAD(103, "ConfigServerPathBad", Category.USER),
  ROOTDEV(105, "Rootdev", Category.USER),
  INVALID_IQN(106, "InvalidIQN", Category.USER),
  CONFIG_SCS_IID(107, "ConfigSCSIid", Category.USER),
  NFS_TARGET(108, "NFSTarget", Category.BACKEND),
  SNAPSHOT_CHAIN_TOO_LONG(109, "SnapshotChainTooLong", Category.USER),
  VDI_RESIZE(110, "VDIResize", Category.USER),
  CONFIG_PARAMS_MISSING(115, "ConfigParamsMissing", Category.USER),
  DNS_ERROR(140, "DNSError", Category.USER),
  ISCSI_TARGET(141, "ISCSITarget", Category.BACKEND),
  ISCSI_PORT(142, "ISCSIPort", Category.USER),
  BAD_REQUEST(143, "BadRequest", Category.USER),
  VDI_MISSING(144, "VDIMissing", Category.USER),
  API_SESSION(150, "APISession", Category.BACKEND),
  API_LOCALHOST(151, "APILocalhost", Category.TRANSIENT),
  API_FAILURE(153, "APIFailure", Category.TRANSIENT),
  API_PROTOCOL_ERROR(154, "APIProtocolError", Category.BACKEND),
  LVM_PROVISION_ATTACH(180, "LVMProvisionAttach", Category.BACKEND),
  METADATA_ERROR(181, "MetadataError", Category.CORRUPT),
  IO_ERROR(200, "EIO", Category.BACKEND),
  TRY_AGAIN(201, "EGAIN", Category.TRANSIENT),
  SM_GENERAL(202, "SMGeneral", Category.INTERNAL),
  FIST_POINT(203, "FistPoint", Category.INTERNAL),
  XML_PARSE(413, "XMLParse", Category.USER),
  MULTIPATHD_COMMS_FAILURE(430, "MultipathdCommsFailure", Category.BACKEND),
  MULTIPATH_GENERIC_FAILURE(431, "MultipathGenericFailure", Category.BACKEND),
  MULTIPATH_MAPPER_PATH_MISSING(432, "MultipathMapperPathMissing", Category.BACKEND),
  MULTIPATH_DEVICE_NOT_APPEARED(433, "MultipathDeviceNotAppeared", Category.BACKEND),
  MULTIPATH_DEVICE_NO_SCSIID(434, "MultipathDeviceNoScsiid", Category.BACKEND),
  TAPDISK_ALREADY_RUNNING(445, "TapdiskAlreadyRunning", Category.TRANSIENT),
  UNSUPPORTED_KERNEL(448, "UnsupportedKernel", Category.BACKEND),
  TAPDISK_FAILED(453, "TapdiskFailed", Category.BACKEND),
  CBT_ACTIVATE_FAILED(457, "CBTActivateFailed", Category.USER),
  CBT_DEACTIVATE_FAILED(458, "CBTDeactivateFailed", Category.USER),
  CBT_METADATA_INCONSISTENT(459, "CBTMetadataInconsistent", Category.CORRUPT),
  CBT_CHANGED_BLOCKS_ERROR(460, "CBTChangedBlocksError", Category.USER),
  GENERIC_EXCEPTION(1200, "GenericException", Category.INTERNAL);

  /// Who can do something about an error.
  public enum Category {
    /// The request is wrong; sending it again unchanged fails again.
    USER,
    /// The world was not ready; the same request may succeed later.
    TRANSIENT,
    /// Storage below failed.
    BACKEND,
    /// What is stored contradicts itself; nothing was changed.
    CORRUPT,
    /// A defect of Strata.
    INTERNAL
  }

  private final int number;
  private final String fieldName;
  private final Category category;

  ErrorCode(int number, String fieldName, Category category) {
    this.number = number;
    this.fieldName = fieldName;
    this.category = category;
  }

  /// The stable number.
  public int number() {
    return number;
  }

  /// The field's own name for it.
  public String fieldName() {
    return fieldName;
  }

  /// Who can do something about it.
  public Category category() {
    return category;
  }

  /// Whether the same request may succeed later.
  public boolean retryable() {
    return category == Category.TRANSIENT;
  }
}
