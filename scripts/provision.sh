#!/bin/sh
# provision.sh USER: makes a fresh Ubuntu or Debian machine ready for `make build` by USER. Run by the Vagrantfile, as root.
#
# Brings the engine, Node and make; that USER may use the engine takes effect at the next login.
set -eu

user=${1:?usage: provision.sh USER}
export DEBIAN_FRONTEND=noninteractive

apt-get -q update
# The client is a package of its own from Debian 13 on.
packages="docker.io make git ca-certificates debootstrap nodejs npm"
if apt-cache policy docker-cli | grep -q 'Candidate: [^(]'; then packages="$packages docker-cli"; fi
# shellcheck disable=SC2086 # a list of words
apt-get -qy install --no-install-recommends $packages

# A machine has systemd and it has started the engine; a container, where this is tried out, has not.
if [ -d /run/systemd/system ]; then systemctl enable --now docker; fi
usermod --append --groups docker "$user"

echo "ready: vagrant ssh, then: cd /vagrant && make build"
