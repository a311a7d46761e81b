#!/usr/bin/env bash
# Compilers for both processors and with sanitizers; the peers and shells that tests compare with.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install --yes --no-install-recommends -o Dpkg::Use-Pty=0 \
  gcc libc6-dev gcc-aarch64-linux-gnu libc6-dev-arm64-cross clang libclang-rt-14-dev qemu-user-static \
  strace bubblewrap uidmap util-linux procps iproute2 nftables iptables slirp4netns passt libcap2-bin passwd \
  chromium git python3 bash bash-completion zsh fish >/dev/null
