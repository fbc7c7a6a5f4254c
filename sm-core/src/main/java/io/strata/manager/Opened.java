// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import java.util.ArrayDeque;
import java.util.Deque;

/// What was opened so far, to be closed in reverse where opening the rest fails.
final class Opened implements AutoCloseable {
  private final Deque<AutoCloseable> resources = new ArrayDeque<>();

  <T extends AutoCloseable> T add(T resource) {
    resources.push(resource);
    return resource;
  }

  @Override
  public void close() {
    for (AutoCloseable resource : resources) {
      try {
        resource.close();
      } catch (Exception e) {
        System.getLogger(Opened.class.getName())
            .log(System.Logger.Level.WARNING, "closing what was opened", e);
      }
    }
  }
}
