// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;

/// What fio counted, reads and writes together.
///
/// @param ios all of them
record Fio(double iops, double mibPerSecond, long ios) {

  static Fio run(List<String> line) throws IOException, InterruptedException {
    String output = Command.run(line);
    // Notes may stand before the JSON.
    JsonNode jobs = new ObjectMapper().readTree(output.substring(output.indexOf('{'))).path("jobs");
    double iops = 0;
    double mibPerSecond = 0;
    long ios = 0;
    for (JsonNode job : jobs) {
      if (job.path("error").asInt() != 0) {
        throw new IOException("fio failed: " + line);
      }
      for (String direction : List.of("read", "write")) {
        JsonNode counted = job.path(direction);
        iops += counted.path("iops").asDouble();
        mibPerSecond += counted.path("bw_bytes").asDouble() / Scale.MIB;
        ios += counted.path("total_ios").asLong();
      }
    }
    if (ios == 0) {
      throw new IOException("fio did nothing: " + line);
    }
    return new Fio(iops, mibPerSecond, ios);
  }
}
