#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Unpacks the tarball somewhere else and uses it as a user would, with an almost empty environment.
# Called by Maven in `verify`.
#
#   smoke.sh TARBALL
set -eu
tarball=$1
scratch=$(mktemp -d)
strata=
cleanup() {
  [ -z "$strata" ] || run stop >/dev/null 2>&1 || :
  rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

fail() {
  echo "dist: $1" >&2
  [ ! -s "$scratch/out" ] || cat "$scratch/out" >&2
  exit 1
}

run() {
  timeout 120 env -i PATH="$PATH" HOME="$scratch" JAVA_HOME="${JAVA_HOME:-}" \
    STRATA_HOME="$scratch/home" STRATA_JAVA_OPTS="${options:-}" "$strata" "$@"
}

mkdir "$scratch/a place" "$scratch/disks"
tar -C "$scratch/a place" -xzf "$tarball"
strata=$(echo "$scratch/a place"/strata-*/bin/strata)
for role in cli daemon; do
  [ -s "${strata%/bin/strata}/lib/$role.aot" ] || fail "no AOT cache for the $role in the tarball"
done

# AOTMode=on refuses to start where the cache does not fit this Java and these jars.
options=-XX:AOTMode=on run version >"$scratch/out" 2>&1 || fail "the AOT cache does not fit"
grep -q '^strata [0-9]' "$scratch/out" || fail "no version"
options=-XX:AOTMode=off run version >"$scratch/out" 2>&1 || fail "does not start without a cache"

run sr-create type=file name-label=smoke device-config:location="$scratch/disks" \
  >"$scratch/out" 2>&1 || fail "sr-create failed"
run sr-list >"$scratch/out" 2>&1 || fail "sr-list failed"
grep -q smoke "$scratch/out" || fail "the new SR is not listed"
run stop >"$scratch/out" 2>&1 || fail "stop failed"
strata=
