#!/usr/bin/env bash
# kernel-vm.sh KERNEL SECONDS COMMAND…: runs a command as root under the kernel in the directory KERNEL (vmlinux,
# lib/modules), in a virtual machine made of this machine's own files, which it cannot change: they are shared
# read-only, and what it writes stays in its memory. It has no network but its own. At most SECONDS.
# Starts in the current directory with this PATH and HOME; prints what the command prints; the exit code is the
# command's, 124 if its time was up, 125 if the machine itself failed. Needs root, qemu, virtiofsd, busybox, cpio.
set -eu

kernel=$1 seconds=$2
shift 2
export PATH=$PATH:/usr/sbin:/sbin
memory_mib=3072
modules="virtio_pci virtio_console virtiofs overlay"
run=$(mktemp -d /tmp/wg-reach-kernel.XXXXXX)
children=()

clean_up() {
  for child in "${children[@]}"; do kill -KILL "$child" 2>/dev/null || true; done
  rm -rf "$run"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

fail() {
  echo "The virtual machine: $*" >&2
  exit 125
}

# Lines "tag path": the root and whatever else holds the checkout, the kernel or Node, since a share ends where
# another file system begins.
list_shares() {
  for path in / "$PWD" "$kernel" "$(command -v node)"; do findmnt --noheadings --output TARGET --target "$path"; done |
    sort -u | awk '{ print "share" NR, $0 }'
}

make_initramfs() {
  local root=$run/initramfs version file number=100
  version=$(ls "$kernel/lib/modules")
  mkdir -p "$root"/{bin,dev,lower,modules,proc,root,sys,writable}
  cp "$(command -v busybox)" "$root/bin/busybox"
  ldd "$(command -v busybox)" 2>/dev/null | grep -o '/[^ ]*' | while read -r file; do
    install -D "$file" "$root$file"
  done || true
  # shellcheck disable=SC2086 # one word each
  for module in $modules; do
    modprobe --dirname "$kernel" --set-version "$version" --show-depends "$module" | awk '$1 == "insmod" { print $2 }'
  done | awk '!seen[$0]++' >"$run/modules"
  while read -r file; do
    number=$((number + 1))
    case $file in
      *.xz) xz -dc "$file" >"$root/modules/$number.ko" ;;
      *.zst) zstd -dcq "$file" >"$root/modules/$number.ko" ;;
      *) cp "$file" "$root/modules/$number.ko" ;;
    esac
  done <"$run/modules"
  list_shares >"$root/shares"
  first_program >"$root/init"
  second_program >"$root/second"
  {
    printf 'export PATH=%q HOME=%q\ncd %q || exit 125\nexec' "$PATH" "${HOME:-/root}" "$PWD"
    printf ' %q' "$@"
  } >"$root/command"
  chmod 755 "$root/init"
  (cd "$root" && find . | cpio --create --format newc --quiet) >"$run/initrd"
}

# Process 1 until the shared files are mounted, each below a layer in memory that takes what is written.
first_program() {
  cat <<'END'
#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc; $b mount -t sysfs sys /sys; $b mount -t devtmpfs dev /dev
for m in /modules/*.ko; do $b insmod $m || echo "insmod $m failed"; done
$b mount -t tmpfs -o size=90% writable /writable
while read -r tag path; do
  $b mkdir -p /lower/$tag /writable/$tag/upper /writable/$tag/work
  $b mount -t virtiofs -o ro $tag /lower/$tag || echo "cannot mount $path"
  $b mount -t overlay -o lowerdir=/lower/$tag,upperdir=/writable/$tag/upper,workdir=/writable/$tag/work \
    overlay "/root$path" || { echo "no overlay on $path"; $b poweroff -f; }
done </shares
$b mount -t tmpfs -o mode=755 run /root/run
$b cp /second /command /root/run/
for d in proc sys dev; do $b mount --move /$d /root/$d; done
exec $b switch_root /root /bin/bash /run/second
END
}

# Process 1 afterwards: the rest of what a machine has, the command, and out.
second_program() {
  printf 'modules=%q\n' "$kernel/lib/modules"
  cat <<'END'
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mkdir -p /run/lock /dev/pts /dev/shm /dev/net /lib/modules
mount -t devpts -o mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs shm /dev/shm
mount --bind "$modules" /lib/modules
ln -sf /proc/self/fd /dev/fd
ln -sf fd/0 /dev/stdin; ln -sf fd/1 /dev/stdout; ln -sf fd/2 /dev/stderr
[ -e /dev/net/tun ] || mknod -m 666 /dev/net/tun c 10 200
hostname wg-reach-kernel
ip link set lo up
for port in /sys/class/virtio-ports/*; do read -r name <"$port/name"; declare "port_$name=/dev/${port##*/}"; done
mkfifo /run/output
cat </run/output >"$port_output" &
output=$!
setsid --wait bash /run/command </dev/null >/run/output 2>&1
code=$?
# For the last words, but not for what the command may have left running.
for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 $output 2>/dev/null || break; sleep 0.1; done
echo $code >"$port_code"
echo 1 >/proc/sys/kernel/sysrq
echo o >/proc/sysrq-trigger
while :; do sleep 1; done
END
}

# The files are bound read-only in a mount namespace of its own, so that even a guest that wanted to could not write.
start_share() {
  local tag=$1 path=$2
  # shellcheck disable=SC2016 # for the inner shell
  setpriv --pdeathsig KILL unshare --mount sh -c '
    mkdir "$2" && mount --bind "$1" "$2" && mount -o remount,bind,ro "$2" || exit 1
    if [ -x /usr/libexec/virtiofsd ]; then
      exec /usr/libexec/virtiofsd --socket-path="$2.sock" --shared-dir="$2" --cache=always --log-level=error
    fi
    exec /usr/lib/qemu/virtiofsd -f --socket-path="$2.sock" -o source="$2" -o cache=always -o log_level=err
  ' sh "$path" "$run/$tag" >>"$run/log" 2>&1 </dev/null &
  children+=($!)
  disown # its end is nothing to report
  devices+=(-chardev "socket,id=$tag,path=$run/$tag.sock" -device "vhost-user-fs-pci,chardev=$tag,tag=$tag")
}

make_initramfs "$@" || fail "its first files could not be put together"
devices=()
while read -r tag path; do start_share "$tag" "$path"; done <"$run/initramfs/shares"
for _ in $(seq 200); do
  [ "$(find "$run" -name '*.sock' | wc -l)" = "$(wc -l <"$run/initramfs/shares")" ] && break
  sleep 0.05
done

# Real virtualisation only where the driver can run an ordinary kernel; software emulation works everywhere. There
# the clock of the guest counts its instructions, one a nanosecond, and goes on by itself only while it waits: so to
# itself it is about as fast as this machine, however long the emulation takes, and no bound on time is missed.
if [ -w /dev/kvm ] && { [ -d /sys/module/kvm_intel ] || [ -d /sys/module/kvm_amd ]; }; then
  accelerator=(-accel kvm -cpu host -smp "$(nproc)")
else
  accelerator=(-accel "tcg,thread=single,tb-size=512" -icount "shift=0,sleep=on" -cpu "max,la57=off" -smp 1)
fi
# "norandmaps" halves the cost of starting a process under emulation; a pipe, since qemu opens its output by name.
setpriv --pdeathsig KILL timeout --foreground -s KILL "$seconds" setpriv --pdeathsig KILL \
  qemu-system-x86_64 -nodefaults -no-user-config -machine q35,vmport=off,smm=off,memory-backend=memory \
  "${accelerator[@]}" -m "$memory_mib" \
  -object "memory-backend-memfd,id=memory,size=${memory_mib}M,share=on" \
  -display none -nic none -no-reboot -object rng-random,id=random,filename=/dev/urandom \
  -device virtio-rng-pci,rng=random -kernel "$kernel/vmlinux" -initrd "$run/initrd" \
  -append "console=ttyS0 quiet loglevel=4 panic=-1 mitigations=off random.trust_cpu=on rcupdate.rcu_expedited=1 norandmaps tsc=reliable cryptomgr.notests audit=0 apparmor=0 init_on_alloc=0" \
  -chardev "file,id=console,path=$run/console" -serial chardev:console -device virtio-serial-pci \
  -chardev file,id=output,path=/dev/stdout,append=on -device virtserialport,nr=1,chardev=output,name=output \
  -chardev "file,id=code,path=$run/code" -device virtserialport,nr=2,chardev=code,name=code \
  "${devices[@]}" </dev/null > >(exec cat) 2>>"$run/log" &
children+=($!)
machine=$!
ended=0
wait "$machine" || ended=$?
if [ -s "$run/code" ]; then exit "$(cat "$run/code")"; fi
if [ "$ended" = 137 ]; then
  echo "The virtual machine did not end within $seconds s and was stopped." >&2
  exit 124
fi
cat "$run/log" >&2
tail -n 30 "$run/console" >&2 || true
fail "it ended without a result (qemu's exit code $ended); its last words are above"
