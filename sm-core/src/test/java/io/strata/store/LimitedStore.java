// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.spi.SpaceStat;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Optional;
import java.util.function.Supplier;

/// A store that says what a test wants about its space.
public final class LimitedStore {
  private LimitedStore() {}

  /// @param space what it says, where that is not what the store below says
  public static ContainerStore over(ContainerStore below, Supplier<Optional<SpaceStat>> space) {
    return (ContainerStore)
        Proxy.newProxyInstance(
            ContainerStore.class.getClassLoader(),
            new Class<?>[] {ContainerStore.class},
            (_, method, arguments) -> {
              if (method.getName().equals("space") && space.get().isPresent()) {
                return space.get().get();
              }
              try {
                return method.invoke(below, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
