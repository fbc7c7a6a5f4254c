// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// What one subject scored at one task, round by round.
final class Samples implements Serializable {
  private static final long serialVersionUID = 1;

  private final List<Double> values = new ArrayList<>();

  void add(double value) {
    values.add(value);
  }

  List<Double> values() {
    return Collections.unmodifiableList(values);
  }

  double median() {
    return percentile(50);
  }

  double lowest() {
    return Collections.min(values);
  }

  double highest() {
    return Collections.max(values);
  }

  /// The spread of the rounds: highest less lowest, in percent of the median.
  double spreadPercent() {
    return median() == 0 ? 0 : 100 * (highest() - lowest()) / median();
  }

  /// The value below which so many percent lie; between two values, their mean by distance.
  double percentile(double percent) {
    List<Double> sorted = values.stream().sorted().toList();
    double place = percent / 100 * (sorted.size() - 1);
    int below = (int) Math.floor(place);
    int above = (int) Math.ceil(place);
    return sorted.get(below) + (place - below) * (sorted.get(above) - sorted.get(below));
  }
}
