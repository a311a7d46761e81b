#!/bin/sh
# By hand, as root: runs debian-kernel.ts on a stock Debian kernel that qemu emulates, with this machine's node and iproute2.
#
#     apt-get install --no-install-recommends qemu-system-x86 busybox-static cpio kmod
#     npm run build && sh test/rtnetlink/debian-kernel.sh
#
# The last line of what debian-kernel.ts prints is ALL OK, or how much failed.
set -e
project=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

cd "$work"
image=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -1)
apt-get download "$image"
dpkg-deb -x "$image"_*.deb deb
version=$(ls deb/lib/modules)

mkdir -p "$root/bin" "$root/sbin" "$root/proc" "$root/sys" "$root/dev" "$root/run" "$root/tmp" "$root/etc"
mkdir -p "$root/isol8/dist/test" "$root/isol8/prebuilds" "$root/lib/modules/$version/kernel/drivers"
for folder in net drivers/net lib crypto; do
  cp -r "deb/lib/modules/$version/kernel/$folder" "$root/lib/modules/$version/kernel/$folder"
done
cp "deb/lib/modules/$version/modules.order" "deb/lib/modules/$version"/modules.builtin* "$root/lib/modules/$version/"
depmod -b "$root" "$version"

cp /bin/busybox "$root/bin/"
for applet in sh mount modprobe poweroff; do ln -s busybox "$root/bin/$applet"; done
ln -s ../bin/busybox "$root/sbin/modprobe" # the kernel loads modules by this path
for program in node ip tc bridge; do
  path=$(command -v $program)
  cp -L "$path" "$root/bin/"
  ldd "$path" | grep -o '/[^ ]*' | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
  done
done
cp -r /etc/iproute2 /etc/protocols /etc/passwd /etc/group "$root/etc/"
cp -r "$project/prebuilds/linux-x64" "$root/isol8/prebuilds/"
cd "$project"
npx esbuild test/rtnetlink/debian-kernel.ts --bundle --platform=node --format=esm --target=node20 --log-level=warning \
  --outfile="$root/isol8/dist/test/debian-kernel.mjs"
cat > "$root/init" <<'INIT'
#!/bin/sh
export PATH=/bin:/sbin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs run /run
modprobe tun # nobody asks for it by the name of a kind
node /isol8/dist/test/debian-kernel.mjs
poweroff -f
INIT
chmod +x "$root/init"

(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) > "$work/initrd.gz"
timeout 600 qemu-system-x86_64 -accel tcg -cpu max -m 2048 -nographic -no-reboot -kernel "$work"/deb/boot/vmlinuz-* \
  -initrd "$work/initrd.gz" -append 'console=ttyS0 quiet panic=-1' < /dev/null
