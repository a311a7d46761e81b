#!/usr/bin/env bash
# The README's commands as a user without privilege but with subordinate ids. The user works on a copy, since
# git refuses a checkout that belongs to root; the copy is in a folder that is closed to others, as homes are.
set -eu
cd "$(dirname "$0")/../.."

# What is mounted here goes with this script.
[ "${1-}" = own-mounts ] || exec unshare --mount --propagation private "$PWD/scripts/ci/ordinary-user.sh" own-mounts

user=isol8test
id -u "$user" >/dev/null 2>&1 || useradd --create-home --shell /bin/bash "$user"
grep -q "^$user:" /etc/subuid || usermod --add-subuids 1000000-1065535 "$user"
grep -q "^$user:" /etc/subgid || usermod --add-subgids 1000000-1065535 "$user"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Distributions let everybody open this device; where it is root's alone, one of this script's own stands over it.
mknod --mode 0666 "$folder/tun" c 10 200
mount --bind "$folder/tun" /dev/net/tun
rm "$folder/tun"

git archive HEAD | tar -x -C "$folder"
chown -R "$user:" "$folder"

# As a login gives it: root's own may have folders that the user cannot look into, and execvp(3) then says EACCES where
# the tests expect that a command is not found.
path="$(dirname "$(command -v node)"):/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"

as_user() {
  runuser -u "$user" -- env -u XDG_RUNTIME_DIR -u npm_config_cache --chdir="$folder" PATH="$path" \
    HOME="$(getent passwd "$user" | cut -d: -f6)" USER="$user" LOGNAME="$user" "$@"
}

as_user npm ci
as_user npx isol8 run -- sh -c 'id -u; ls -l /proc/self/ns'
as_user npm test
