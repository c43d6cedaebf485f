#!/usr/bin/env bash
# Makes a guest for the machine tests out of Debian's packages: a kernel, and an initial file system with busybox and the modules a PC needs.
#
#   tests/machine-guest.sh amd64|686 DIR [FILE...]     -> DIR/vmlinuz, DIR/initrd.gz; FILEs are put into /bin of the guest
#
# What the guest does is on its command line: disk=sdX (make a file system, write, read back), net (DHCP), get=URL (a checksum of it),
# root=/dev/X (goes on with /sbin/init of that ext4 file system), bench (time the programs /bin/kernel-* for every name in /bin/kernel-*.names), reboot, shell. It prints "UP", one line for each thing done, and "END", then powers off.
set -euo pipefail

flavor=${1:?amd64 or 686} out=${2:?a folder}
shift 2
case $flavor in
    amd64) architecture=amd64 ;;
    686) architecture=i386 ;;
    *) echo "machine-guest: '$flavor' is neither amd64 nor 686" >&2; exit 2 ;;
esac
mkdir -p "$out"
exec 9>"$out/lock"
flock 9
[ "$out/initrd.gz" -nt "$0" ] && [ -s "$out/vmlinuz" ] && [ $# = 0 ] && exit 0

for tool in cpio depmod modprobe dpkg-deb; do
    command -v $tool >/dev/null || { echo "machine-guest: $tool is missing; apt-get install cpio kmod dpkg" >&2; exit 1; }
done
if [ $architecture = i386 ] && ! dpkg --print-foreign-architectures | grep -qx i386; then
    dpkg --add-architecture i386
    apt-get update -q >/dev/null
fi

packages="$out/packages" tree="$out/tree" root="$out/root"
mkdir -p "$packages"
if ! ls "$packages"/*.deb >/dev/null 2>&1; then
    image=$(apt-cache depends "linux-image-$flavor:$architecture" | awk '/Depends: linux-image/ { print $2; exit }')
    case $image in *:*) ;; *) image=$image:$architecture ;; esac
    (cd "$packages" && apt-get download -q "$image" "busybox-static:$architecture" >/dev/null 2>&1) || { echo "machine-guest: apt has no $image" >&2; exit 1; }
fi
if ! [ -d "$tree/lib/modules" ]; then
    rm -rf "$tree"
    for package in "$packages"/*.deb; do dpkg-deb -x "$package" "$tree"; done
    depmod -b "$tree" "$(ls "$tree/lib/modules")"
fi
version=$(ls "$tree/lib/modules")
cp "$tree"/boot/vmlinuz-* "$out/vmlinuz"

rm -rf "$root"
mkdir -p "$root"/{bin,dev,proc,sys,tmp,mnt,lib/modules/"$version"}
cp "$tree/bin/busybox" "$root/bin/"
for file in "$@"; do cp "$file" "$root/bin/"; done
modules="ata_piix sd_mod sr_mod isofs crc32c_generic ext4 e1000 ne2k-pci virtio_pci virtio_mmio virtio_blk virtio_net virtio_rng virtio_console virtio_balloon floppy af_packet"
for module in $modules; do
    modprobe -d "$tree" -S "$version" --show-depends $module 2>/dev/null | awk '/^insmod/ { print $2 }'
done | sort -u | while read -r path; do
    inside=${path#"$tree"}
    mkdir -p "$root$(dirname "$inside")"
    cp "$path" "$root$inside"
done
cp "$tree/lib/modules/$version"/modules.{order,builtin} "$root/lib/modules/$version/" 2>/dev/null || true
depmod -b "$root" "$version"

cat >"$root/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
echo "UP $(uname -m) processors=$(grep -c ^processor /proc/cpuinfo) uptime=$(cut -d' ' -f1 /proc/uptime)"
word() { sed -n "s/.*\<$1=\([^ ]*\).*/\1/p" /proc/cmdline; }
has() { grep -qw "$1" /proc/cmdline; }
disk=$(word disk) url=$(word get) root=$(word root)
if [ -n "$disk$root" ] || has net; then
    for alias in /sys/bus/pci/devices/*/modalias /sys/bus/platform/devices/*/modalias; do modprobe -q -a "$(cat "$alias")"; done
    modprobe -q -a sd_mod ext4 crc32c_generic af_packet virtio_blk virtio_net
    sleep 0.2
fi
if [ -n "$root" ]; then
    for i in 1 2 3 4 5 6 7 8 9 10; do [ -b "$root" ] || sleep 0.3; done
    mount -t ext4 "$root" /mnt && exec switch_root /mnt /sbin/init
fi
if [ -n "$disk" ]; then
    for i in 1 2 3 4 5 6 7 8 9 10; do [ -b /dev/$disk ] || sleep 0.3; done
    mke2fs /dev/$disk >/dev/null 2>&1; mount -t ext4 /dev/$disk /mnt && dd if=/dev/urandom of=/mnt/file bs=64k count=128 2>/dev/null
    written=$(sha256sum </mnt/file); umount /mnt; echo 3 >/proc/sys/vm/drop_caches; mount -t ext4 -o ro /dev/$disk /mnt
    [ -n "$written" ] && [ "$written" = "$(sha256sum </mnt/file)" ] && echo "DISK $disk ok" || echo "DISK $disk wrong"
    umount /mnt
fi
if has net; then
    card=$(ls /sys/class/net | grep -v '^lo$' | head -n 1)
    cat >/tmp/lease <<'LEASE'
#!/bin/sh
[ "$1" = bound ] && ip addr add $ip/$mask dev $interface && ip route add default via $router && echo "NET $ip"
exit 0
LEASE
    chmod +x /tmp/lease; ip link set "$card" up; udhcpc -n -q -i "$card" -s /tmp/lease >/tmp/dhcp 2>&1; grep '^NET' /tmp/dhcp
    [ -n "$url" ] && echo "GET $(wget -q -O - "$url" | sha256sum | cut -d' ' -f1)"
fi
if has bench; then
    for names in /bin/kernel-*.names; do
        program=${names%.names}
        for name in $(cat $names); do
            begin=$(cut -d' ' -f1 /proc/uptime)
            for i in 1 2 3 4; do sum=$($program $name); done
            echo "KERNEL ${program#/bin/kernel-}/$name $sum $begin $(cut -d' ' -f1 /proc/uptime)"
        done
    done
fi
if has plug; then
    cards() { ls /sys/bus/pci/devices | wc -l; }
    before=$(cards); echo "PLUG ready"
    for i in $(seq 600); do [ "$(cards)" -gt "$before" ] && echo "PLUG came" && break; sleep 0.1; done
    for i in $(seq 600); do [ "$(cards)" = "$before" ] && echo "PLUG gone" && break; sleep 0.1; done
fi
has shell && sh
dmesg | grep -E 'BUG|Oops|Call Trace|I/O error' | head -n 5
echo END
sync
has reboot && reboot -f
poweroff -f
INIT
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc 2>/dev/null | gzip -1) >"$out/initrd.new"
mv "$out/initrd.new" "$out/initrd.gz"
