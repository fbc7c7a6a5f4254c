# SPDX-License-Identifier: Apache-2.0
# Sourced, POSIX sh. Finds a Java 25 without starting any process where a `release` file tells the
# version (every JDK and JRE image since Java 8 has one).
#
#   strata_find_java jdk|runtime    sets STRATA_JAVA_HOME, or returns 1
#
# Looked at, in this order: JAVA_HOME, the `java` of PATH, /usr/lib/jvm/*, SDKMAN's candidates.

# Whether $1 is the home of a Java 25; with $2 = jdk it must hold a compiler too.
strata_is_java_25() {
  [ -x "$1/bin/java" ] || return 1
  [ "$2" = runtime ] || [ -x "$1/bin/javac" ] || return 1
  strata_version=
  if [ -r "$1/release" ]; then
    while IFS= read -r strata_line || [ -n "$strata_line" ]; do
      case $strata_line in
        JAVA_VERSION=*)
          strata_version=${strata_line#JAVA_VERSION=}
          strata_version=${strata_version#\"}
          ;;
      esac
    done <"$1/release"
  else
    strata_version=$("$1/bin/java" -version 2>&1 | sed -n 's/.*version "\([^"]*\).*/\1/p')
  fi
  case $strata_version in
    25 | 25[.\"+-]*) return 0 ;;
  esac
  return 1
}

strata_find_java() {
  if [ -n "${JAVA_HOME:-}" ] && strata_is_java_25 "$JAVA_HOME" "$1"; then
    STRATA_JAVA_HOME=$JAVA_HOME
    return 0
  fi
  strata_on_path=$(command -v java 2>/dev/null) || strata_on_path=
  if [ -n "$strata_on_path" ]; then
    strata_on_path=$(readlink -f "$strata_on_path")
    if strata_is_java_25 "${strata_on_path%/bin/java}" "$1"; then
      STRATA_JAVA_HOME=${strata_on_path%/bin/java}
      return 0
    fi
  fi
  for strata_candidate in /usr/lib/jvm/* "${HOME:-/nonexistent}"/.sdkman/candidates/java/*; do
    if strata_is_java_25 "$strata_candidate" "$1"; then
      STRATA_JAVA_HOME=$strata_candidate
      return 0
    fi
  done
  return 1
}
