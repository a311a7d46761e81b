#!/usr/bin/env bash
# The README's commands as a user without privilege but with subordinate ids. The user works on a copy, since
# git refuses a checkout that belongs to root.
set -eu
cd "$(dirname "$0")/../.."

user=isol8test
id -u "$user" >/dev/null 2>&1 || useradd --create-home --shell /bin/bash "$user"
grep -q "^$user:" /etc/subuid || usermod --add-subuids 1000000-1065535 "$user"
grep -q "^$user:" /etc/subgid || usermod --add-subgids 1000000-1065535 "$user"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git archive HEAD | tar -x -C "$folder"
chown -R "$user:" "$folder"

as_user() {
  runuser -u "$user" -- env -u XDG_RUNTIME_DIR -u npm_config_cache --chdir="$folder" \
    HOME="$(getent passwd "$user" | cut -d: -f6)" USER="$user" LOGNAME="$user" "$@"
}

as_user npm ci
as_user npx isol8 run -- sh -c 'id -u; ls -l /proc/self/ns'
as_user npm test
