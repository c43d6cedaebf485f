#!/usr/bin/env bash
# Makes the disk of an installed system out of a guest of machine-guest.sh: GRUB in the boot record, and an ext4 root that writes, reboots and is killed.
#
#   tests/machine-disk.sh GUEST IMAGE     GUEST: a folder of machine-guest.sh; IMAGE: a raw file of 256 MiB (the partition begins at 1 MiB)
#
# The system goes by the file /mode of its root. normal: the first boot writes files, and restarts the machine; the second finds them again ("KEPT ok") and powers off.
# crash: writes one file after another and says "SYNCED n" when number n is on the disk; whoever runs it kills the machine. Every boot first checks all files whose number
# was said to be safe. Like a small distribution it mounts its root writable, and read-only again before it ends.
set -euo pipefail

guest=${1:?a folder of machine-guest.sh} image=${2:?an image to make}
for tool in grub-mkimage mke2fs; do
    command -v $tool >/dev/null || { echo "machine-disk: $tool is missing; apt-get install grub-pc-bin grub-common e2fsprogs" >&2; exit 1; }
done
grub=/usr/lib/grub/i386-pc
[ -f $grub/boot.img ] || { echo "machine-disk: $grub/boot.img is missing; apt-get install grub-pc-bin" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root"/{bin,sbin,dev,proc,sys,boot/grub,data}
cp "$guest/root/bin/busybox" "$root/bin/"
cp "$guest/vmlinuz" "$guest/initrd.gz" "$root/boot/"
echo normal >"$root/mode"
cat >"$root/boot/grub/grub.cfg" <<'CFG'
set timeout=0
serial --unit=0
terminal_output console serial
probe --set label --label ($root)
if [ -f /virtio ]; then set disk=/dev/vda1; else set disk=/dev/sda1; fi
echo "GRUB starts the kernel from $label with $disk"
linux /boot/vmlinuz console=ttyS0 panic=-1 quiet root=$disk
initrd /boot/initrd.gz
boot
CFG
cat >"$root/sbin/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
mount -o remount,rw /
mode=$(cat /mode)
[ -f /boots ] || echo 0 >/boots
boots=$(($(cat /boots) + 1)); echo $boots >/boots
echo "ROOT boot $boots mode $mode"
end() { sync; mount -o remount,ro / && echo "END"; "$@" -f; }
check() {
    for list in /data/*.sum; do [ -s "$list" ] && { (cd /data && sha256sum -c -s "$list") || echo "LOST $list"; }; done
    echo "KEPT ok $(ls /data/*.sum 2>/dev/null | wc -l)"
}
write() { dd if=/dev/urandom of=/data/$1 bs=64k count=$2 conv=fsync 2>/dev/null; (cd /data && sha256sum $1) >/data/$1.new; sync; mv /data/$1.new /data/$1.sum; sync; }
if [ "$mode" = crash ]; then
    check
    i=$((boots * 1000))
    while true; do write $i 8; echo "SYNCED $i"; i=$((i + 1)); [ $((i % 20)) = 0 ] && rm -f /data/$((i - 10)) /data/$((i - 10)).sum; done
fi
if [ "$boots" = 1 ]; then
    for i in 1 2 3 4; do write $i 32; done
    mkdir -p /many; for i in $(seq 300); do echo $i >/many/$i; done
    end reboot
else
    check; [ "$(ls /many | wc -l)" = 300 ] && echo "MANY ok"
    end poweroff
fi
INIT
chmod +x "$root/sbin/init"

truncate -s 256M "$image.new"
# One partition: active, type 83h, from sector 2048, 522240 sectors; no cylinders.
printf '\x80\xfe\xff\xff\x83\xfe\xff\xff\x00\x08\x00\x00\x00\xf8\x07\x00' | dd of="$image.new" bs=1 seek=446 conv=notrunc status=none
printf '\x55\xaa' | dd of="$image.new" bs=1 seek=510 conv=notrunc status=none
mke2fs -q -t ext4 -L suite-root -E offset=$((1 << 20)) -d "$root" "$image.new" 260096k
cat >"$work/first.cfg" <<'CFG'
set root=(hd0,msdos1)
set prefix=(hd0,msdos1)/boot/grub
configfile /boot/grub/grub.cfg
CFG
grub-mkimage -O i386-pc -p '(hd0,msdos1)/boot/grub' -c "$work/first.cfg" -o "$work/core.img" biosdisk part_msdos ext2 linux normal configfile echo test serial terminal probe boot
# The boot record's code, without its partition table; what it loads lies in the sectors behind it, where both expect it.
dd if=$grub/boot.img of="$image.new" bs=440 count=1 conv=notrunc status=none
dd if="$work/core.img" of="$image.new" bs=512 seek=1 conv=notrunc status=none
mv "$image.new" "$image"
