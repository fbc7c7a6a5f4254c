// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

/// Numbers of the NBD protocol; every integer on the wire is big-endian.
///
/// Source: NetworkBlockDevice/nbd `doc/proto.md`; the section of each group is named with it.
final class NbdWire {
  private NbdWire() {}

  // "Newstyle negotiation": greeting = INIT_PASSWD, IHAVEOPT, u16 handshake flags.
  static final long INIT_PASSWD = 0x4e42444d41474943L;
  static final long IHAVEOPT = 0x49484156454F5054L;
  static final int GREETING_BYTES = 18;
  static final int CLIENT_FLAGS_BYTES = 4;

  // "Handshake flags" and "Client flags" have the same two bits.
  static final int FLAG_FIXED_NEWSTYLE = 1;
  static final int FLAG_NO_ZEROES = 1 << 1;

  // "Newstyle negotiation": option = IHAVEOPT, u32 option, u32 length, data.
  static final int OPTION_NUMBER = 8;
  static final int OPTION_LENGTH = 12;
  static final int OPTION_HEADER_BYTES = 16;

  // "Fixed newstyle negotiation": reply = magic, u32 option, u32 type, u32 length, data.
  static final long OPTION_REPLY_MAGIC = 0x3e889045565a9L;
  static final int OPTION_REPLY_HEADER_BYTES = 20;

  // "Newstyle negotiation": answer to EXPORT_NAME = u64 size, u16 flags, 124 zeroes.
  static final int EXPORT_NAME_REPLY_BYTES = 10;
  static final int EXPORT_NAME_ZEROES_BYTES = 124;

  // "Option types".
  static final int OPT_EXPORT_NAME = 1;
  static final int OPT_ABORT = 2;
  static final int OPT_LIST = 3;
  static final int OPT_INFO = 6;
  static final int OPT_GO = 7;
  static final int OPT_STRUCTURED_REPLY = 8;
  static final int OPT_LIST_META_CONTEXT = 9;
  static final int OPT_SET_META_CONTEXT = 10;

  // "Option reply types".
  static final int REP_ACK = 1;
  static final int REP_SERVER = 2;
  static final int REP_INFO = 3;
  static final int REP_META_CONTEXT = 4;
  static final int REP_ERROR_BIT = 1 << 31;
  static final int REP_ERR_UNSUP = REP_ERROR_BIT + 1;
  static final int REP_ERR_POLICY = REP_ERROR_BIT + 2;
  static final int REP_ERR_INVALID = REP_ERROR_BIT + 3;
  static final int REP_ERR_UNKNOWN = REP_ERROR_BIT + 6;

  // "Option reply types", NBD_REP_INFO: u16 type, then by type.
  static final int INFO_EXPORT = 0;
  static final int INFO_NAME = 1;
  static final int INFO_DESCRIPTION = 2;
  static final int INFO_BLOCK_SIZE = 3;

  // "Transmission flags".
  static final int TRANSMISSION_HAS_FLAGS = 1;
  static final int TRANSMISSION_READ_ONLY = 1 << 1;
  static final int TRANSMISSION_SEND_FLUSH = 1 << 2;
  static final int TRANSMISSION_SEND_FUA = 1 << 3;
  static final int TRANSMISSION_SEND_TRIM = 1 << 5;
  static final int TRANSMISSION_SEND_WRITE_ZEROES = 1 << 6;
  static final int TRANSMISSION_SEND_DF = 1 << 7;
  static final int TRANSMISSION_CAN_MULTI_CONN = 1 << 8;
  static final int TRANSMISSION_SEND_CACHE = 1 << 10;
  static final int TRANSMISSION_SEND_FAST_ZERO = 1 << 11;

  // "Request message": u32 magic, u16 flags, u16 type, u64 cookie, u64 offset, u32 length, payload.
  static final int REQUEST_MAGIC = 0x25609513;
  static final int REQUEST_FLAGS = 4;
  static final int REQUEST_TYPE = 6;
  static final int REQUEST_COOKIE = 8;
  static final int REQUEST_OFFSET = 16;
  static final int REQUEST_LENGTH = 24;
  static final int REQUEST_BYTES = 28;

  // "Request types".
  static final int CMD_READ = 0;
  static final int CMD_WRITE = 1;
  static final int CMD_DISC = 2;
  static final int CMD_FLUSH = 3;
  static final int CMD_TRIM = 4;
  static final int CMD_CACHE = 5;
  static final int CMD_WRITE_ZEROES = 6;
  static final int CMD_BLOCK_STATUS = 7;

  // "Command flags".
  static final int CMD_FLAG_FUA = 1;
  static final int CMD_FLAG_NO_HOLE = 1 << 1;
  static final int CMD_FLAG_DF = 1 << 2;
  static final int CMD_FLAG_REQ_ONE = 1 << 3;
  static final int CMD_FLAG_FAST_ZERO = 1 << 4;

  // "Simple reply message": u32 magic, u32 error, u64 cookie, payload.
  static final int SIMPLE_REPLY_MAGIC = 0x67446698;
  static final int SIMPLE_REPLY_BYTES = 16;

  // "Structured reply chunk message": u32 magic, u16 flags, u16 type, u64 cookie, u32 length.
  static final int CHUNK_MAGIC = 0x668e33ef;
  static final int CHUNK_FLAGS = 4;
  static final int CHUNK_TYPE = 6;
  static final int CHUNK_COOKIE = 8;
  static final int CHUNK_LENGTH = 16;
  static final int CHUNK_BYTES = 20;
  static final int CHUNK_FLAG_DONE = 1;

  // "Structured reply types", with the bytes that stand before their variable part.
  static final int CHUNK_NONE = 0;
  static final int CHUNK_OFFSET_DATA = 1;
  static final int OFFSET_DATA_BYTES = 8;
  static final int CHUNK_OFFSET_HOLE = 2;
  static final int OFFSET_HOLE_BYTES = 12;
  static final int CHUNK_BLOCK_STATUS = 5;
  static final int BLOCK_STATUS_BYTES = 4;
  static final int BLOCK_DESCRIPTOR_BYTES = 8;
  static final int CHUNK_ERROR_BIT = 1 << 15;
  static final int CHUNK_ERROR = CHUNK_ERROR_BIT + 1;
  static final int ERROR_BYTES = 6;
  static final int CHUNK_ERROR_OFFSET = CHUNK_ERROR_BIT + 2;
  static final int ERROR_OFFSET_BYTES = 14;

  // "Metadata contexts": the one context offered, the id it gets, and its states.
  static final String BASE_ALLOCATION = "base:allocation";
  static final int BASE_ALLOCATION_ID = 1;
  static final int STATE_HOLE = 1;
  static final int STATE_ZERO = 1 << 1;

  // "Block size constraints".
  static final int MINIMUM_BLOCK_BYTES = 1;
  static final int PREFERRED_BLOCK_BYTES = 4096;
  static final int MAXIMUM_PAYLOAD_BYTES = 32 << 20;

  // "Conventions": no string is longer.
  static final int MAXIMUM_STRING_BYTES = 4096;
}
