#!/bin/sh
# Decides at boot whether sshd starts, and makes the host keys that it will need.
#
# -f makes them whether or not sshd starts.
#
# runit does not start a service that has a file `down`. While root has an authorized key, `down` is a link that leads
# nowhere: for runit, which follows it, there is no such file. Whether file or link, removing it starts sshd at each boot.
#
# Runs at each boot of each container: up to where there is a key, the shell's own means only.
set -eu

service=/etc/service/sshd
# A mirror, on a read-only file system.
if [ -d "${SVDIR-}/sshd" ]; then service=$SVDIR/sshd; fi
down=$service/down
make=/usr/lib/baseimage/make-ssh-host-keys

main() {
  case ${1-} in
    '') ;;
    -f) exec "$make" ;;
    *)
      # shellcheck disable=SC2034 # for what is sourced
      synopsis='[-f]'
      # shellcheck source=rootfs/base/usr/lib/baseimage/command-line
      . /usr/lib/baseimage/command-line
      refuse "unknown word \"$1\""
      ;;
  esac
  if ! [ -d "$service" ]; then return; fi
  if root_has_key; then
    [ ! -e "$down" ] || ln -sf root-has-a-key "$down" 2> /dev/null || cannot_change "sshd will not start"
  elif [ -L "$down" ] && [ ! -e "$down" ]; then
    { : > "$down.new" && mv -f "$down.new" "$down"; } 2> /dev/null ||
      cannot_change "sshd will start, although root has no key"
  fi
  if [ -e "$down" ]; then return; fi
  # As another user than root sshd is left out.
  if [ "$(id -u)" -ne 0 ]; then return; fi
  # A full disk, say, is no reason not to boot.
  "$make" || echo "SSH host keys could not be made" >&2
}

# Both files are sshd's default. All that is a key has this in it: the length of its type's name, in base64.
root_has_key() {
  for file in /root/.ssh/authorized_keys /root/.ssh/authorized_keys2; do
    if ! [ -f "$file" ] || ! [ -r "$file" ]; then continue; fi
    while read -r line || [ -n "$line" ]; do
      case $line in
        '#'*) ;;
        *AAAA*) return 0 ;;
      esac
    done < "$file"
  done
  return 1
}

cannot_change() {
  echo "$1: cannot change $down; what the Dockerfile does to that file holds" >&2
}

main "$@"
