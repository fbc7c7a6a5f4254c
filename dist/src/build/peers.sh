# SPDX-License-Identifier: Apache-2.0
# Sourced by verify: the real peers that the tests talk to, from Debian's packages.

# package:command that shows that it is there:what is not tested without it
peers=(
  "qemu-utils:qemu-img:VHD images beside qemu-img, NBD beside qemu-io"
  "qemu-system-x86:qemu-system-x86_64:a Linux guest on our NBD server"
  "libnbd-bin:nbdinfo:NBD beside nbdinfo and nbdcopy"
  "python3-libnbd:/usr/lib/python3/dist-packages/nbd.py:NBD beside libnbd's Python binding"
  "nbdkit:nbdkit:our NBD client beside nbdkit"
  "fio:fio:NBD under fio's verifying load"
  "libvhdi-utils:vhdiinfo:VHD chains beside libvhdi"
  "xfsprogs:mkfs.xfs:SRs on xfs"
  "e2fsprogs:mkfs.ext4:SRs on ext4, and the guest's file system"
  "busybox-static:busybox:a Linux guest on our NBD server"
  "cpio:cpio:a Linux guest on our NBD server"
)
missing_peers=()

has_peer() {
  case $1 in
    /*) [ -e "$1" ] ;;
    *) command -v "$1" >/dev/null || [ -x "/sbin/$1" ] || [ -x "/usr/sbin/$1" ] ;;
  esac
}

may_install() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null
}

apt_updated=
apt() {
  export DEBIAN_FRONTEND=noninteractive
  if [ -z "$apt_updated" ]; then
    timeout 180 apt-get update -qq >/dev/null 2>&1
    apt_updated=yes
  fi
  timeout 600 apt-get -qq "$@" </dev/null >/dev/null 2>&1
}

# Installs what is missing, all at once; if that fails, one by one, so that one package which is not
# to be had does not cost the others.
install_peers() {
  local peer package command wanted=()
  for peer in "${peers[@]}"; do
    IFS=: read -r package command _ <<<"$peer"
    has_peer "$command" || wanted+=("$package")
  done
  if [ ${#wanted[@]} -gt 0 ] && may_install; then
    echo "verify: installing ${wanted[*]}"
    apt install -y --no-install-recommends "${wanted[@]}" || for package in "${wanted[@]}"; do
      apt install -y --no-install-recommends "$package"
    done
  fi
  for peer in "${peers[@]}"; do
    IFS=: read -r package command _ <<<"$peer"
    has_peer "$command" || missing_peers+=("$peer")
  done
}

# Maven and a JDK, where the machine's packages have them.
install_build_tools() {
  if ! command -v mvn >/dev/null && may_install; then
    echo "verify: installing maven"
    apt install -y --no-install-recommends maven
  fi
  if ! strata_find_java jdk && may_install; then
    echo "verify: installing a JDK 25"
    apt install -y --no-install-recommends openjdk-25-jdk-headless
  fi
}

# The files of Debian's cloud kernel, unpacked below $1 and installed nowhere.
fetch_guest_kernel() {
  local package
  if compgen -G "$1/boot/vmlinuz-*" >/dev/null; then return; fi
  if command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null; then
    mkdir -p "$1"
    apt_package_of_kernel
    if [ -n "$package" ] && (cd "$1" && apt download "$package" && dpkg-deb -x ./linux-image-*.deb . &&
      rm -f ./*.deb); then
      return
    fi
  fi
  missing_peers+=("linux-image-cloud-amd64:vmlinuz:a Linux guest on our NBD server")
}

# Sets `package` to the versioned package behind linux-image-cloud-amd64, or to nothing.
apt_package_of_kernel() {
  package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null |
    sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
  if [ -z "$package" ] && may_install && [ -z "$apt_updated" ]; then
    apt check
    package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null |
      sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
  fi
}

# Says at the start what a user can do about it.
announce_missing_peers() {
  local peer packages=()
  for peer in "${missing_peers[@]+"${missing_peers[@]}"}"; do
    packages+=("${peer%%:*}")
  done
  [ ${#packages[@]} -gt 0 ] || return 0
  echo "verify: not here, and what needs them is skipped: ${packages[*]}"
  may_install || echo "verify: to have it tested: sudo apt-get install ${packages[*]}"
}

report_missing_peers() {
  local peer package what
  for peer in "${missing_peers[@]+"${missing_peers[@]}"}"; do
    IFS=: read -r package _ what <<<"$peer"
    echo "verify: $package is not here, so this was not tested: $what"
  done
}
