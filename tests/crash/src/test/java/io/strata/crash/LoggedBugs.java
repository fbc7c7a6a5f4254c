// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/// Unchecked exceptions that a daemon's threads caught and logged: no fault of the storage may make
/// one.
final class LoggedBugs extends AppenderBase<ILoggingEvent> implements AutoCloseable {
  private final List<String> found = new CopyOnWriteArrayList<>();
  private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);

  private LoggedBugs() {}

  /// Listens until it is closed.
  static LoggedBugs listen() {
    LoggedBugs bugs = new LoggedBugs();
    bugs.setContext(bugs.root.getLoggerContext());
    bugs.start();
    bugs.root.addAppender(bugs);
    return bugs;
  }

  List<String> found() {
    return found;
  }

  @Override
  protected void append(ILoggingEvent event) {
    if (event.getThrowableProxy() instanceof ThrowableProxy proxy) {
      for (Throwable t = proxy.getThrowable(); t != null; t = t.getCause()) {
        if (t instanceof RuntimeException || t instanceof Error) {
          found.add(event.getFormattedMessage() + ": " + t);
        }
      }
    }
  }

  @Override
  public void close() {
    root.detachAppender(this);
    stop();
  }
}
