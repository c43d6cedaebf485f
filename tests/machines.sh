#!/usr/bin/env bash
# Slow checks of whole machines with media that exist outside this project. Prints one line for each and a summary; ends with 1 when one failed.
#
#   tests/machines.sh [FOLDER]      FOLDER: where the tools are (out/bin); what is missing is named and skipped
#
# A disk of an installed system (tests/machine-disk.sh: GRUB, ext4) on IDE and virtio, raw and qcow2: two boots and a clean end with fsck; then killed while it writes, again and
# again: no file that was said to be safe is lost, qemu-img and fsck find nothing. GRUB from a CD, by our BIOS and by SeaBIOS. Debian's installer, when its packages are installed.
set -uo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
bin=${1:-$here/out/bin}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0
pass() { echo "ok      $1"; passed=$((passed + 1)); }
fail() { echo "FAILED  $1"; [ -f "${2:-}" ] && tail -c 1000 "$2"; failed=$((failed + 1)); }
skip() { echo "skipped $1: $2"; skipped=$((skipped + 1)); }

at='?offset=1048576'
guest=$work/guest disk=$work/disk.raw
"$here/tests/machine-guest.sh" amd64 "$guest" >"$work/log" 2>&1 || { echo "machines: no guest" >&2; cat "$work/log" >&2; exit 2; }
"$here/tests/machine-disk.sh" "$guest" "$disk" || exit 2
change() { debugfs -w -R "$2" "$1$at" >/dev/null 2>&1; }
prepare() { # FORMAT INTERFACE MODE IMAGE
    cp --sparse=always "$disk" "$work/new.raw"
    echo "$3" >"$work/mode"; : >"$work/virtio"
    change "$work/new.raw" "rm mode"; change "$work/new.raw" "write $work/mode mode"
    [ "$2" = virtio ] && change "$work/new.raw" "write $work/virtio virtio"
    e2fsck -fp "$work/new.raw$at" >/dev/null 2>&1
    qemu-img convert -O "$1" "$work/new.raw" "$4"
}
whole() { # IMAGE: its structure and, as it is, its file system
    qemu-img check -q "$1" >/dev/null 2>&1 || [ $? = 63 ] || return 1
    qemu-img convert -O raw "$1" "$work/after.raw"
    # By itself: when e2fsck has replayed a journal it opens the file again without the offset.
    dd if="$work/after.raw" of="$work/after.part" bs=1M skip=1 conv=sparse status=none
    e2fsck "${2:--fn}" "$work/after.part" >"$work/fsck" 2>&1
    local status=$?
    # A journal that is to be replayed is no damage, nor are the superblock's totals, which ext4 writes at the end only; anything else that -fy had to mend is.
    [ $status = 0 ] || { [ $status = 1 ] && [ "${2:-}" = -fy ] && ! grep -Eqv '^(e2fsck .*|Pass [1-5].*|suite-root: .*|.*recovering journal|Free (blocks|inodes) count wrong \([0-9]+, counted=[0-9]+\)\.|Fix\? yes|.*FILE SYSTEM WAS MODIFIED.*|)$' "$work/fsck"; }
}

for kind in "raw ide" "raw virtio" "qcow2 ide" "qcow2 virtio"; do
    set -- $kind
    prepare "$1" "$2" normal "$work/disk"
    timeout 300 "$bin/qemu-system-x86_64" -m 256 -nographic -monitor none -drive "file=$work/disk,format=$1,if=$2" <"/dev/null" >"$work/log" 2>&1
    if grep -aq 'KEPT ok 4' "$work/log" && grep -aq 'MANY ok' "$work/log" && ! grep -aq LOST "$work/log" && whole "$work/disk"; then pass "installed system, $kind"; else fail "installed system, $kind" "$work/log"; fi
    prepare "$1" "$2" crash "$work/disk"
    good=yes safe=0
    for round in 1 2 3; do
        : >"$work/out"
        "$bin/qemu-system-x86_64" -m 256 -display none -monitor none -serial "file:$work/out" -drive "file=$work/disk,format=$1,if=$2" -no-reboot 2>"$work/log" &
        machine=$!
        for ((i = 0; i < 600; i++)); do
            sleep 0.2
            [ "$(grep -ac SYNCED "$work/out")" -ge $((6 + RANDOM % 8)) ] && break
        done
        kill -9 $machine; wait $machine 2>/dev/null
        kept=$(sed -n 's/.*KEPT ok \([0-9]*\).*/\1/p' "$work/out" | tr -d '\r')
        [ "${kept:-0}" -ge "$safe" ] && ! grep -aq LOST "$work/out" && whole "$work/disk" -fy || good=no
        safe=$((${kept:-0} + $(grep -ac SYNCED "$work/out")))
        [ "$safe" -gt "${kept:-0}" ] || good=no
    done
    if [ $good = yes ]; then pass "killed while it writes, $kind: $safe files safe"; else fail "killed while it writes, $kind" "$work/out"; fi
done

if command -v grub-mkrescue >/dev/null && command -v xorriso >/dev/null; then
    mkdir -p "$work/cd/boot/grub"
    cp "$guest/vmlinuz" "$guest/initrd.gz" "$work/cd/boot/"
    printf 'set timeout=0\nmenuentry Debian {\n linux /boot/vmlinuz console=ttyS0 panic=-1\n initrd /boot/initrd.gz\n}\n' >"$work/cd/boot/grub/grub.cfg"
    grub-mkrescue -o "$work/cd.iso" "$work/cd" >/dev/null 2>&1
    for bios in "" /usr/share/seabios/bios-256k.bin; do
        timeout 300 "$bin/qemu-system-x86_64" -m 256 -nographic -monitor none -cdrom "$work/cd.iso" ${bios:+-bios "$bios"} <"/dev/null" >"$work/log" 2>&1
        if grep -aq '^END' "$work/log"; then pass "GRUB from a CD ${bios:+by SeaBIOS}"; else fail "GRUB from a CD ${bios:+by SeaBIOS}" "$work/log"; fi
    done
else
    skip "GRUB from a CD" "apt-get install grub-common grub-pc-bin xorriso mtools"
fi

for kind in amd64:x86_64 i386:i386; do
    set -- ${kind/:/ }
    images=/usr/lib/debian-installer/images/12/$1/text/debian-installer/$1
    [ -f "$images/linux" ] || { skip "installer $1" "apt-get install debian-installer-12-netboot-$1"; continue; }
    timeout 120 "$bin/qemu-system-$2" -m 1024 -nographic -monitor none -kernel "$images/linux" -initrd "$images/initrd.gz" -append "console=ttyS0 TERM=vt102" <"/dev/null" >"$work/log" 2>&1
    if grep -aq 'Select a language' "$work/log"; then pass "installer $1"; else fail "installer $1" "$work/log"; fi
done

echo "machines: $passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
