// Tested by test/e2e/docker-ssh.test.ts.
import { parseEnviron } from "../../core/container-env.ts";
import { parsePasswd } from "../../core/passwd.ts";
import { ERRNO } from "../../linux/errno.ts";
import { fileFacts, replaceFile } from "../../linux/files.ts";
import { Failure, SysError } from "../../linux/sys-error.ts";
import type { Host } from "../host.ts";
import { withHostKeys } from "./known-hosts.ts";

/** More than any of these files has. */
const MAX_BYTES = 1 << 20;

/** How long another docker-ssh may have the lock: it writes one file. */
const LOCK_MS = 5000;
const LOCK_STEP_MS = 20;

/** This user's directory of files for ssh. They stay, as printed settings refer to them. */
export class StateDirectory {
  readonly #host: Host;
  readonly #path: string;

  /** Makes the directory if it does not exist. @throws Failure */
  constructor(host: Host) {
    this.#host = host;
    this.#path = `${stateHome(host)}/docker-ssh`;
    withRemedy(() => makeDirectories(host, this.#path));
  }

  /** Makes these the only host keys of `name` in the file of host keys. @returns its path */
  rememberHostKeys(name: string, keys: readonly string[]): string {
    const path = `${this.#path}/known_hosts`;
    withRemedy(() => {
      const before = this.#read(path);
      if (withHostKeys(before, name, keys) === before) return;
      const lock = this.#lock();
      this.#replace(path, withHostKeys(this.#read(path), name, keys));
      this.#host.close(lock);
    });
    return path;
  }

  /** Makes a copy of a private key that ssh accepts: only this user can read it. @returns its path */
  copyOfKey(content: string): string {
    const path = `${this.#path}/insecure_key`;
    withRemedy(() => {
      if (this.#read(path) !== content) this.#replace(path, content);
    });
    return path;
  }

  #read(path: string): string {
    const content = this.#host.readFile(path, MAX_BYTES, false);
    if (typeof content === "string") return content;
    // A file that is too large was not made here; its keys are read again.
    if (content === -ERRNO.ENOENT || content === -ERRNO.EFBIG) return "";
    throw new SysError("cannot read", path, -content);
  }

  #replace(path: string, content: string): void {
    const directory = fileFacts(this.#host, this.#path);
    const gid = typeof directory === "number" ? 0 : directory.gid;
    replaceFile(this.#host, path, `${path}.${this.#host.getPid()}`, content, { mode: 0o600, gid });
  }

  /** @returns a descriptor to close */
  #lock(): number {
    const path = `${this.#path}/lock`;
    this.#host.writeFile(path, "", true);
    const endMs = this.#host.monotonicMs() + LOCK_MS;
    for (;;) {
      const fd = this.#host.lock(path);
      if (fd >= 0) return fd;
      const isBusy = fd === -ERRNO.EAGAIN || fd === -ERRNO.EACCES;
      if (!isBusy || this.#host.monotonicMs() > endMs) throw new SysError("cannot lock", path, -fd);
      this.#host.poll([], [], LOCK_STEP_MS);
    }
  }
}

/** Adds the remedy to a Failure: another directory. @throws Failure */
function withRemedy(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    throw new Failure(`${error.message}\nset XDG_STATE_HOME to a directory that you may write to, with room in it`);
  }
}

/** @see XDG Base Directory Specification, XDG_STATE_HOME */
function stateHome(host: Host): string {
  const given = parseEnviron(host.environ).get("XDG_STATE_HOME");
  return given?.startsWith("/") ? given : `${homeDirectory(host)}/.local/state`;
}

/** This user's home, as ssh finds it: under sudo, HOME may be another user's. @throws Failure if there is none */
export function homeDirectory(host: Host): string {
  const users = host.readFile("/etc/passwd", MAX_BYTES, false);
  const own = typeof users === "string" ? parsePasswd(users).find(({ uid }) => uid === host.getEuid()) : undefined;
  const home = own?.home ?? parseEnviron(host.environ).get("HOME");
  if (home?.startsWith("/")) return home;
  throw new Failure("this user has no home directory to keep host keys in; set XDG_STATE_HOME to a directory");
}

function makeDirectories(host: Host, path: string): void {
  if (typeof fileFacts(host, path) !== "number") return;
  makeDirectories(host, path.slice(0, path.lastIndexOf("/")) || "/");
  const failed = host.mkdir(path, 0o700);
  if (failed < 0 && failed !== -ERRNO.EEXIST) throw new SysError("cannot make directory", path, -failed);
}
