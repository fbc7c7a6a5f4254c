#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# The guest's first process: one phase of work on /dev/vda, a marker on the console, power-off.
/bin/busybox mkdir -p /sbin /usr/bin /usr/sbin
/bin/busybox --install -s
export PATH=/sbin:/usr/sbin:/bin:/usr/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev

phase=$(sed -n 's/.*phase=\([a-z-]*\).*/\1/p' /proc/cmdline)

end() {
  echo "$1 $phase $2"
  sync
  poweroff -f
}

try() {
  "$@" || end GUEST-FAILED "$*"
}

# Files of several sizes with their checksums, below /mnt/$1.
write_files() {
  try mkdir "/mnt/$1"
  for kib in 1 4 63 1000 4096 9001; do
    try dd if=/dev/urandom of="/mnt/$1/$kib" bs=1k count="$kib" conv=fsync 2>/dev/null
  done
  (cd /mnt && sha256sum "$1"/*) >"/mnt/$1.sums" || end GUEST-FAILED sums
  try sync
}

verify_files() {
  (cd /mnt && sha256sum -c "$1.sums" >/tmp.sums) || end GUEST-FAILED "checksums of $1"
  echo "verified $(wc -l </tmp.sums) files of $1"
}

while read -r module; do
  insmod "/modules/$module" || echo "insmod $module failed"
done </modules/order
[ -b /dev/vda ] || sleep 2
[ -b /dev/vda ] || end GUEST-FAILED "no disk"

case $phase in
  write)
    try /bin/mke2fs -q -t ext4 /dev/vda
    try mount -t ext4 /dev/vda /mnt
    write_files first
    # Space that comes and goes: the disk must be able to give it back.
    try dd if=/dev/urandom of=/mnt/gone bs=1M count=48 conv=fsync 2>/dev/null
    try rm /mnt/gone
    try sync
    try fstrim -v /mnt
    write_files second
    ;;
  verify | verify-and-write)
    try /bin/e2fsck -fn /dev/vda
    try mount -t ext4 /dev/vda /mnt
    verify_files first
    verify_files second
    if [ "$phase" = verify-and-write ]; then
      try rm -r /mnt/first /mnt/first.sums
      try fstrim -v /mnt
      write_files third
      verify_files third
    fi
    ;;
  *) end GUEST-FAILED "unknown phase" ;;
esac

echo 3 >/proc/sys/vm/drop_caches
verify_files second
try umount /mnt
try /bin/e2fsck -fn /dev/vda
end GUEST-OK
