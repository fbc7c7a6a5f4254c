// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.nio.ByteBuffer;

/// What a handshake came to.
///
/// @param export what the client chose
/// @param structuredReplies whether it takes structured replies
/// @param baseAllocation whether it chose the context `base:allocation`
/// @param leftover what it has sent after the handshake already; shorter than a request buffer
record Negotiated(
    NbdExport export, boolean structuredReplies, boolean baseAllocation, ByteBuffer leftover) {}
