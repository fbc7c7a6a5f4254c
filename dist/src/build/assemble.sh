#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lays out target/strata-VERSION from the jars in target/jars, makes the AOT caches, packs the
# tarball. Called by Maven in `package`.
#
#   assemble.sh DIST_DIR VERSION
set -eu
umask 022
export LC_ALL=C.UTF-8
dist=$1
version=$2
root=$dist/..
target=$dist/target
stage=$target/stage/strata-$version
final=$target/strata-$version

. "$dist/src/lib/find-java.sh"
strata_find_java jdk || {
  echo "dist: needs a JDK 25 to make the AOT caches" >&2
  exit 1
}
export JAVA_HOME="$STRATA_JAVA_HOME"

rm -rf "$target/stage"
mkdir -p "$stage/bin" "$stage/lib" "$stage/etc" "$stage/systemd"
cp -p "$target"/jars/*.jar "$stage/lib/"
cp "$dist/src/lib/find-java.sh" "$stage/lib/"
cp "$dist/src/bin/strata" "$stage/bin/strata"
chmod 755 "$stage/bin/strata"
cp "$dist"/src/etc/* "$stage/etc/"
cp "$dist"/src/systemd/* "$stage/systemd/"
for document in LICENSE NOTICE README.md CHANGELOG.md; do
  [ ! -f "$root/$document" ] || cp "$root/$document" "$stage/"
done

cp -R "$root/docs" "$stage/docs"

# The caches note each jar's size and time of change; whole seconds survive every archive format.
touch -d "2026-11-01T00:00:00Z" "$stage"/lib/*.jar

sh "$dist/src/build/train.sh" "$stage"

for shell in bash zsh; do
  "$stage/bin/strata" completion "$shell" >"$stage/etc/completion.$shell"
done

tar --sort=name --owner=0 --group=0 --numeric-owner -C "$target/stage" -czf \
  "$target/strata-$version.tar.gz.new" "strata-$version"
mv "$target/strata-$version.tar.gz.new" "$target/strata-$version.tar.gz"

# Whatever runs from the old tree keeps the files that it has open.
rm -rf "$target/old"
[ ! -d "$final" ] || mv "$final" "$target/old"
mv "$stage" "$final"
rm -rf "$target/old" "$target/stage"
: >"$target/built"
