#!/usr/bin/env bash
# Runs util-linux's own tests of unshare, nsenter and lsns with isol8 in their place, as root in namespaces of their own:
#
#   scripts/peer-tests.sh UTIL-LINUX [TEST…]
#
# UTIL-LINUX is a source tree of util-linux in which these were made, in this order:
#
#   ./configure --disable-all-programs --enable-unshare --enable-nsenter --enable-lsns --enable-lsfd \
#     --enable-libmount --enable-libblkid --enable-libsmartcols
#   make unshare nsenter lsns lsfd test_mkfds test_sigreceive test_sysinfo test_strerror
#
# With THEIRS=1 util-linux's own commands are tested, which shows what a test says of this machine.
set -eu
[ $# -gt 0 ] || { sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 1; }
tree=$(realpath "$1")
shift
[ $# -gt 0 ] || set -- unshare nsenter lsns
program=$(realpath "$(dirname "$0")/../dist/cli/main.js")

commands=$(mktemp -d)
trap 'rm -r "$commands"' EXIT
for pair in unshare:unshare nsenter:enter lsns:ls; do
  printf '#!/bin/sh\nexec "%s" -- "%s" %s "$@"\n' "$(command -v node)" "$program" "${pair#*:}" >"$commands/${pair%:*}"
  chmod +x "$commands/${pair%:*}"
done
export TS_CMD_MOUNT="$(command -v mount)" TS_CMD_UMOUNT="$(command -v umount)"
[ "${THEIRS-}" = 1 ] || export TS_CMD_UNSHARE="$commands/unshare" TS_CMD_NSENTER="$commands/nsenter" TS_CMD_LSNS="$commands/lsns"

unshare --mount --uts --ipc --net --pid --fork --kill-child --mount-proc sh -ec '
  mount -t tmpfs tmpfs /run
  ip link set lo up
  exec "$@"' sh "$tree/tests/run.sh" --srcdir="$tree" --builddir="$tree" --show-diff "$@"
