#!/bin/sh
# Makes the base system into baseimage. Runs once, inside the image's build, as root.
#
# Packages first, the overlays after them, so that neither a package nor a question about its
# configuration files wins over ours; then what each part has to settle, permissions, and clean-up,
# all in one layer. A step that fails fails the build.
#
# DISABLE_SYSLOG=1, DISABLE_SSH=1 and DISABLE_CRON=1 in the environment leave a part out. SOURCE_DATE_EPOCH is what
# package scripts take for today.
set -eu

here=$(dirname "$0")
rootfs=$here/../rootfs

# Each has a list of packages, an overlay, permissions, and where it needs one a script.
features=base
[ "${DISABLE_SYSLOG:-0}" = 1 ] || features="$features syslog"
[ "${DISABLE_CRON:-0}" = 1 ] || features="$features cron"
# Its package wants cron, and without syslog it has nothing to rotate.
[ "${DISABLE_SYSLOG:-0}${DISABLE_CRON:-0}" != 00 ] || features="$features logrotate"
[ "${DISABLE_SSH:-0}" = 1 ] || features="$features ssh"

# By its files in tmpfiles.d, a package has its directory in /run made at its installation, and my_init makes it again if
# /run is a tmpfs. Not every distribution has it without systemd.
tmpfiles=systemd-standalone-tmpfiles
# Stands in for systemd where a package wants one of the two to make system users, and apt would take systemd, 17 MB. Not
# every distribution has it.
sysusers=systemd-standalone-sysusers

export DEBIAN_FRONTEND=noninteractive LC_ALL=C
# An empty one is no date, and useradd says so.
[ -n "${SOURCE_DATE_EPOCH:-}" ] || unset SOURCE_DATE_EPOCH

main() {
  prepare_packages
  install_packages
  lay_overlays
  configure
  apply_permissions
  clean_up
}

# What has to be there before the first package script runs.
prepare_packages() {
  install -m 755 "$rootfs/base/usr/sbin/policy-rc.d" /usr/sbin/policy-rc.d

  # `ischroot` makes packages guess where they run, and `initctl` is for an init that is not there.
  for program in /usr/bin/ischroot /sbin/initctl; do
    if [ -e "$program" ]; then
      # Moved by hand: dpkg warns when it moves a file of an essential package itself.
      dpkg-divert --local --no-rename --add "$program"
      mv "$program" "$program.distrib"
      ln -s /bin/true "$program"
    fi
  done

  # Whatever path `sv` is called by, it has to find the mirror of /etc/service. dpkg puts runit's, and each later version,
  # beside ours.
  dpkg-divert --local --rename --add /usr/bin/sv

  # Ours installs the package of the real one if that is needed, and calls it.
  dpkg-divert --local --rename --add /usr/sbin/locale-gen

  # Also for who installs a package by hand: nobody answers in a Dockerfile. An interactive shell
  # can still ask for questions with DEBIAN_FRONTEND.
  echo 'debconf debconf/frontend select Noninteractive' | debconf-set-selections

  apt-get -q update
  # HTTPS sources and whatever is old, before anything is built on it.
  apt-get -qy -o Dpkg::Options::=--force-confold dist-upgrade
}

install_packages() {
  # One part after the other: of alternatives apt prefers what is there, and the base brings small ones.
  for feature in $features; do
    names=$(cat "$here/packages/$feature")
    if [ "$feature" = base ] && is_known "$tmpfiles"; then names="$names $tmpfiles"; fi
    # shellcheck disable=SC2086 # a list of words
    if would_install perl $names && is_known "$sysusers"; then
      names="$names $("$here/sysuser-helper.sh")"
    fi
    # shellcheck disable=SC2086
    if would_install systemd $names && is_known "$sysusers"; then
      names="$names $sysusers"
    fi
    # shellcheck disable=SC2086
    apt-get -qy install --no-install-recommends $names
    # runit's package brings /etc/service as a link into its run levels, which a container has not. Only now:
    # Ubuntu's cannot be installed over a directory.
    if [ -L /etc/service ]; then
      rm /etc/service
      mkdir /etc/service
    fi
  done
  apt-get check
  # Asked now, by the lists that the packages came from: on another day the archive has others.
  pending=$(apt-get -s dist-upgrade | grep '^Inst ' || true)
  if [ -n "$pending" ]; then
    echo "build.sh: packages were left that can be upgraded: $pending" >&2
    exit 1
  fi

  # What most Dockerfiles for the original set, and cost a language pack there. C.UTF-8 differs in sorting.
  [ -e /usr/lib/locale/en_US.utf8 ] || ln -s C.utf8 /usr/lib/locale/en_US.utf8

  mkdir -p "${supported%/*}"
  [ -e "$supported" ] || list_locales > "$supported"
  [ -e /etc/locale.gen ] || {
    echo '# locale-gen makes the locales that have no # in front of them.'
    sed 's/^/# /' "$supported"
  } > /etc/locale.gen

  update-alternatives --install /usr/bin/vim vim /usr/bin/vim.tiny 10
}

# The list that the package `locales` would bring: for our locale-gen, and for Dockerfiles that edit /etc/locale.gen.
supported=/usr/share/i18n/SUPPORTED
list_locales() {
  work=$(mktemp -d)
  (cd "$work" && apt-get -q -o APT::Sandbox::User=root download locales) >&2
  dpkg-deb --fsys-tarfile "$work"/locales_*.deb | tar -xO ".$supported"
}

# Can the package $1 be installed?
is_known() { apt-cache policy "$1" | grep -q 'Candidate: [^(]'; }

# Would installing the packages $2... bring $1?
would_install() {
  wanted=$1
  shift
  apt-get -s install --no-install-recommends "$@" | grep -q "^Inst $wanted "
}

lay_overlays() {
  for feature in $features; do
    # The modes of a work tree depend on the umask of who cloned it; only "executable" is Git's.
    chmod -R u=rwX,go=rX "$rootfs/$feature"
    # tar rather than cp: /sbin is a link to /usr/sbin, and must stay one.
    tar -C "$rootfs/$feature" --owner=root:0 --group=root:0 --exclude=.keep -c . |
      tar -C / --keep-directory-symlink --no-overwrite-dir -x
  done
}

configure() {
  # A fixed number, so that a volume means the same group in every image.
  groupadd --gid 8377 docker_env
  for feature in $features; do
    if [ -e "$here/configure/$feature.sh" ]; then sh "$here/configure/$feature.sh"; fi
  done
}

apply_permissions() {
  for feature in $features; do
    grep -v '^#' "$here/permissions/$feature" | while read -r mode owner path; do
      chown "$owner" "$path"
      chmod "$mode" "$path"
    done
  done
}

clean_up() {
  find /var/log -type f -delete
  # Copies that dpkg, debconf, passwd and ldconfig keep of what was there before.
  rm -f /var/cache/debconf/*-old /var/lib/dpkg/*-old /etc/passwd- /etc/group- /etc/shadow- /etc/gshadow- \
    /var/cache/ldconfig/aux-cache /var/cache/apt/*.bin
  # Each container is a machine of its own.
  if [ -e /etc/machine-id ]; then : > /etc/machine-id; fi
  rm -rf /run/runit
  sh /bd_build/cleanup.sh
}

main
