#!/usr/bin/env bash
# Installs the Debian packages that the end-to-end tests drive: real clients and real upstream registries.
# Needs root (or sudo). Running it again is quick: nothing is fetched when everything is there.
set -euo pipefail

packages=(ca-certificates openssl docker.io containerd podman skopeo buildah docker-registry crun redis-server slapd ldap-utils tinyproxy-bin)

if ! command -v apt-get > /dev/null; then
  echo 'packages.sh: this is not a Debian system; install by hand:' "${packages[*]}" >&2
  exit 1
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo > /dev/null; then
    echo 'packages.sh: run as root to install:' "${packages[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2> /dev/null || true)" = installed ]
}

# From Debian 13 on the docker command is a package of its own.
wanted() {
  printf '%s\n' "${packages[@]}"
  if [ -z "$(command -v docker || true)" ] && [ -n "$(apt-cache search --names-only '^docker-cli$' 2> /dev/null)" ]; then
    echo docker-cli
  fi
}

install_missing() {
  local missing=() package
  "${as_root[@]}" apt-get update -qq > /dev/null
  for package in $(wanted); do
    installed "$package" || missing+=("$package")
  done
  [ "${#missing[@]}" -eq 0 ] && return 0
  echo "packages.sh: installing ${missing[*]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
}

complete=yes
for package in "${packages[@]}"; do
  installed "$package" || complete=no
done
if [ "$complete" = yes ] && command -v docker > /dev/null; then
  exit 0
fi

install_missing || { echo 'packages.sh: the first try failed, trying once more' >&2; sleep 5; install_missing; }
