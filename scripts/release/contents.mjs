// What a release has beside the images: one list, so that a new file is one line here.

/**
 * The static binaries, below build/bin of each architecture. Each is in dist/ under its name, version and architecture.
 */
export const BINARIES = ["baseimage", "host-tools"];

/**
 * The tarball with the tools for the host, an architecture each: path in it, and where that comes from. BIN stands for
 * build/bin of the architecture.
 *
 * @type {Record<string, string>}
 */
export const TOOLS = {
  "install-tools.sh": "install-tools.sh",
  "bin/host-tools": "BIN/host-tools",
  "share/bash-completion/completions/docker-bash": "build/share/bash-completion/completions/docker-bash",
  "share/bash-completion/completions/docker-ssh": "build/share/bash-completion/completions/docker-ssh",
  "share/man/man1/docker-bash.1": "build/share/man/man1/docker-bash.1",
  "share/man/man1/docker-ssh.1": "build/share/man/man1/docker-ssh.1",
  "share/baseimage/insecure_key": "rootfs/ssh/etc/insecure_key",
  "share/baseimage/insecure_key.pub": "rootfs/ssh/etc/insecure_key.pub",
  VERSION: "VERSION",
  LICENSE: "LICENSE",
  "THIRD-PARTY.md": "THIRD-PARTY.md",
};
