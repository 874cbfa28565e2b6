#!/bin/sh
# Prints the path of a package that stands in for Debian's `sysuser-helper`.
#
# Debian 13's runit depends on that helper, which is a program in Perl and so brings all of perl,
# 50 MB, to create one system user. `systemd-sysusers` does the same in 340 kB, has a package of
# its own without systemd, and runit's scripts prefer it where it is there. The stand-in has a name
# of its own and says what it provides: who installs the real helper one day gets it in exchange.
set -eu

work=$(mktemp -d)
chmod 755 "$work" # apt reads the package as the user _apt
package=$work/baseimage-sysuser-helper.deb

version=$(apt-cache policy sysuser-helper | awk '$1 == "Candidate:" { print $2 }')

mkdir -p "$work/root/DEBIAN" "$work/root/usr/sbin"
cat > "$work/root/DEBIAN/control" <<CONTROL
Package: baseimage-sysuser-helper
Version: $version
Architecture: all
Maintainer: baseimage <baseimage@localhost>
Depends: systemd-standalone-sysusers | systemd-sysusers
Provides: sysuser-helper (= $version)
Conflicts: sysuser-helper
Replaces: sysuser-helper
Section: admin
Priority: optional
Description: creates system users for packages, without Perl
 Provides the command minsysusers by means of systemd-sysusers.
CONTROL
cat > "$work/root/usr/sbin/minsysusers" <<'SCRIPT'
#!/bin/sh
exec systemd-sysusers "$@"
SCRIPT
chmod 755 "$work/root" "$work/root/DEBIAN" "$work/root/usr" "$work/root/usr/sbin" "$work/root/usr/sbin/minsysusers"

dpkg-deb --build --root-owner-group "$work/root" "$package" > /dev/null
echo "$package"
