// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// What fio counted, reads and writes together.
///
/// @param ios all of them
record Fio(double iops, double mibPerSecond, long ios) {

  /// All jobs together.
  static Fio run(List<String> line) throws IOException, InterruptedException {
    return jobs(line).stream()
        .reduce((a, b) -> new Fio(a.iops + b.iops, a.mibPerSecond + b.mibPerSecond, a.ios + b.ios))
        .orElseThrow(() -> new IOException("fio ran no job: " + line));
  }

  /// Each job by itself, in their order.
  static List<Fio> jobs(List<String> line) throws IOException, InterruptedException {
    String output = Command.run(line);
    // Notes may stand before the JSON.
    JsonNode jobs = new ObjectMapper().readTree(output.substring(output.indexOf('{'))).path("jobs");
    List<Fio> counted = new ArrayList<>();
    for (JsonNode job : jobs) {
      if (job.path("error").asInt() != 0) {
        throw new IOException("fio failed: " + line);
      }
      Fio fio = of(job);
      if (fio.ios == 0) {
        throw new IOException("fio did nothing: " + line);
      }
      counted.add(fio);
    }
    return counted;
  }

  private static Fio of(JsonNode job) {
    double iops = 0;
    double mibPerSecond = 0;
    long ios = 0;
    for (String direction : List.of("read", "write")) {
      JsonNode counted = job.path(direction);
      iops += counted.path("iops").asDouble();
      mibPerSecond += counted.path("bw_bytes").asDouble() / Scale.MIB;
      ios += counted.path("total_ios").asLong();
    }
    return new Fio(iops, mibPerSecond, ios);
  }
}
