#!/bin/sh
# Decides at boot whether sshd starts, and makes the host keys that it will need.
#
# -f makes them whether or not sshd starts.
#
# runit leaves a service alone that has a file `down`. While root has an authorized key, that file
# is called `down-without-key` instead. Who removes `down` wants sshd to start in any case.
#
# Runs at each boot of each container: up to where there is a key, the shell's own means only.
set -eu

service=/etc/service/sshd
# A mirror, on a read-only file system.
if [ -d "${SVDIR-}/sshd" ]; then service=$SVDIR/sshd; fi
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
    rename_mark down down-without-key "sshd will not start"
  else
    rename_mark down-without-key down "sshd will start, although root has no key"
  fi
  if [ -e "$service/down" ]; then return; fi
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

rename_mark() {
  if ! [ -e "$service/$1" ]; then return; fi
  mv -f "$service/$1" "$service/$2" 2> /dev/null ||
    echo "$3: cannot rename $service/$1; what the Dockerfile does to that file holds" >&2
}

main "$@"
