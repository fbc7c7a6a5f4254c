// SPDX-License-Identifier: Apache-2.0
package io.strata.crash.kill;

import java.io.IOException;
import java.util.Optional;

/// Asks for one verb after another, counts the answers, and knows what to make of the one that had
/// none.
final class Requests {
  private Outcome unanswered = Outcome.NOTHING;
  private long verbs;
  private long refusals;

  /// What the next daemon shows of a verb that had no answer.
  interface Outcome {
    Outcome NOTHING = found -> {};

    void settle(FoundVdis found);
  }

  /// A call of the API; empty where it was refused.
  interface Call<T> {
    Optional<T> make() throws IOException;
  }

  /// Makes the call and waits for its answer.
  ///
  /// @param noAnswer what to make of it where the daemon dies first
  /// @return empty where the verb was refused
  <T> Optional<T> ask(Outcome noAnswer, Call<T> call) throws IOException {
    unanswered = noAnswer;
    Optional<T> answer = call.make();
    unanswered = Outcome.NOTHING;
    if (answer.isPresent()) {
      verbs++;
    } else {
      refusals++;
    }
    return answer;
  }

  /// After a death: settles the verb that had no answer, if there was one.
  void settle(FoundVdis found) {
    unanswered.settle(found);
    unanswered = Outcome.NOTHING;
  }

  long verbs() {
    return verbs;
  }

  long refusals() {
    return refusals;
  }
}
