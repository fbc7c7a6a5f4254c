// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;

/// A store some of whose calls fail.
public final class RefusingStore {
  private RefusingStore() {}

  /// Decides whether a call fails.
  @FunctionalInterface
  public interface Refusal {
    /// @param call the name of a method of [ContainerStore]
    boolean refuses(String call, List<?> arguments);
  }

  /// @param refusal is asked at each call
  public static ContainerStore over(ContainerStore below, Refusal refusal) {
    return (ContainerStore)
        Proxy.newProxyInstance(
            ContainerStore.class.getClassLoader(),
            new Class<?>[] {ContainerStore.class},
            (_, method, arguments) -> {
              if (refusal.refuses(
                  method.getName(), arguments == null ? List.of() : List.of(arguments))) {
                throw new IOException("injected");
              }
              try {
                return method.invoke(below, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
