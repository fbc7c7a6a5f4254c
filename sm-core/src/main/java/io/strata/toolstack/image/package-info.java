// SPDX-License-Identifier: Apache-2.0
/// Image files: what their names say, and their bytes.
@NullMarked
package io.strata.toolstack.image;

import org.jspecify.annotations.NullMarked;
