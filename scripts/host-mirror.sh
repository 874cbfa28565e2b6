# shellcheck shell=sh
# Sourced: host_mirror PATTERN prints the address of this host's own Debian archive whose path matches PATTERN, if the
# host's apt has one.
host_mirror() {
  command -v apt-get > /dev/null || return 0
  # shellcheck disable=SC2016 # $(REPO_URI) is a field of apt's, not a command
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' |
    sed 's|/$||' | grep -m 1 "$1" || true
}
