#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes lib/cli.aot and lib/daemon.aot from real runs of the laid-out distribution, in a scratch
# STRATA_HOME. A run that fails leaves no cache, says so, and fails nothing: the launcher works
# without.
#
#   train.sh STAGE
set -eu
stage=$1
scratch=$(mktemp -d)
daemon=
cleanup() {
  [ -z "$daemon" ] || kill "$daemon" 2>/dev/null || :
  rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

export STRATA_HOME="$scratch/home"
mkdir -p "$scratch/sr"
strata="$stage/bin/strata"

if ! timeout 60 "$strata" version >"$scratch/version" 2>&1; then
  echo "dist: the command line does not start yet, so no AOT caches were made"
  exit 0
fi

# Waits until $1 exists, for at most 2 minutes.
await() {
  tries=0
  until [ -e "$1" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 1200 ] || return 1
    sleep 0.1
  done
}

# Has the daemon take scattered writes upon a snapshot and merge the two: the code of a data path
# that is known before its first use.
merge_once() {
  # 2048 times 4 KiB of text, and 12 KiB of zeroes after each.
  awk 'BEGIN {
    ORS = ""
    for (i = 0; i < 4096; i++) text = text "x"
    zeroes = text text text
    gsub("x", "0", zeroes)
    for (i = 0; i < 2048; i++) print text zeroes
  }' | tr 0 '\000' >"$scratch/scattered.raw"
  sr=$(timeout 60 "$strata" sr-create type=file name-label=training \
    device-config:location="$scratch/sr") || return 1
  vdi=$(timeout 60 "$strata" vdi-create sr-uuid="$sr" name-label=training \
    virtual-size=32MiB) || return 1
  snapshot=$(timeout 60 "$strata" vdi-snapshot uuid="$vdi") || return 1
  timeout 60 "$strata" vdi-import uuid="$vdi" filename="$scratch/scattered.raw" || return 1
  timeout 60 "$strata" vdi-destroy uuid="$snapshot" || return 1
  timeout 60 "$strata" sr-gc uuid="$sr"
}

STRATA_JAVA_OPTS="-XX:AOTCacheOutput=$stage/lib/daemon.aot" \
  "$strata" daemon --foreground >"$scratch/daemon.log" 2>&1 &
daemon=$!
if await "$STRATA_HOME/run/api.sock"; then
  # One process cannot be both trained and asked several things: the longest path is the one kept.
  merge_once >"$scratch/merge.log" 2>&1 || echo "dist: the daemon was trained without a merge"
  STRATA_JAVA_OPTS="-XX:AOTCacheOutput=$stage/lib/cli.aot" \
    timeout 120 "$strata" sr-list >"$scratch/cli.log" 2>&1 || :
fi
kill -TERM "$daemon" 2>/dev/null || :
wait "$daemon" || :
daemon=

for role in cli daemon; do
  if [ ! -s "$stage/lib/$role.aot" ]; then
    echo "dist: no AOT cache for the $role: $(tail -n 3 "$scratch/$role.log" 2>/dev/null | tr '\n' ' ')"
    rm -f "$stage/lib/$role.aot"
  fi
done
rm -f "$stage"/lib/*.aot.config
