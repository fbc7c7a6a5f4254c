// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.Container;
import io.strata.block.sim.MemoryContainer;
import io.strata.block.sim.RecordingContainer;
import io.strata.block.sim.WriteLog;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Containers and names: empty ones, or as a crash left them. What is done to them may be recorded.
final class SimulatedStorage {
  private final List<MemoryContainer> containers;
  private final Map<String, Integer> names;
  private final Optional<WriteLog> log;
  private final long ordinal;
  private Map<String, ByteBuffer> descriptions = Map.of();

  SimulatedStorage(
      List<MemoryContainer> containers,
      Map<String, Integer> names,
      Optional<WriteLog> log,
      long ordinal) {
    this.ordinal = ordinal;
    this.containers = new ArrayList<>(containers);
    this.names = new TreeMap<>(names);
    this.log = log;
    log.ifPresent(l -> containers.forEach(c -> l.addContainer()));
  }

  /// Empty storage, recorded.
  static SimulatedStorage empty() {
    return new SimulatedStorage(List.of(), Map.of(), Optional.of(new WriteLog()), 0);
  }

  /// Opens a container.
  synchronized Container open(int number, boolean writable) {
    MemoryContainer handle = containers.get(number).reopen(writable);
    return log.isPresent() ? new RecordingContainer(handle, log.get(), number) : handle;
  }

  /// Adds an empty container and returns its number, with which its location ends.
  synchronized int create(String location) {
    containers.add(MemoryContainer.create(location + "#" + containers.size()));
    log.ifPresent(WriteLog::addContainer);
    return containers.size() - 1;
  }

  /// Which name means which container; to be changed by who also logs that.
  Map<String, Integer> names() {
    return names;
  }

  /// The location of the container that a name means.
  synchronized Optional<String> locationOf(String name) {
    return Optional.ofNullable(names.get(name)).map(number -> containers.get(number).location());
  }

  /// The container with a location.
  synchronized Optional<Container> at(String location) {
    return containers.stream()
        .filter(container -> container.location().equals(location))
        .findFirst()
        .map(container -> container.reopen(false));
  }

  /// The descriptions that SRs carry, by their folders. A change of one is atomic and durable, as
  /// the contract of a store says.
  synchronized Map<String, ByteBuffer> descriptions() {
    return descriptions;
  }

  /// The description that the SR in a folder carries.
  synchronized Optional<byte[]> description(String folder) {
    return Optional.ofNullable(descriptions.get(folder))
        .map(content -> {
          byte[] bytes = new byte[content.remaining()];
          content.duplicate().get(bytes);
          return bytes;
        });
  }

  synchronized void describe(Map<String, ByteBuffer> all) {
    descriptions = Map.copyOf(all);
  }

  synchronized void describe(String folder, Optional<byte[]> content) {
    Map<String, ByteBuffer> next = new TreeMap<>(descriptions);
    next.remove(folder);
    content.ifPresent(bytes -> next.put(folder, ByteBuffer.wrap(bytes.clone())));
    descriptions = Map.copyOf(next);
  }

  /// Where what is done now is recorded, if it is.
  Optional<WriteLog> log() {
    return log;
  }

  /// Whether this is one of the states to which more checks go: one in `every`, and all whose
  /// recovery is crashed too.
  boolean sampled(int every) {
    return log.isPresent() || ordinal % every == 0;
  }

  /// Notes what must hold if the power goes again from now on.
  void expect(Expectation expectation) {
    log.ifPresent(l -> l.mark(expectation));
  }
}
