import { parseEnviron } from "../../core/container-env.ts";
import { parsePasswd } from "../../core/passwd.ts";
import { ERRNO } from "../../linux/errno.ts";
import { fileFacts, replaceFile } from "../../linux/files.ts";
import { Failure, SysError } from "../../linux/sys-error.ts";
import type { Host } from "../host.ts";
import { withHostKeys } from "./known-hosts.ts";

/** More of a file than any that is read here has. */
const MAX_BYTES = 1 << 20;

/** How long another docker-ssh may hold the lock: it writes one file. */
const LOCK_MS = 5000;
const LOCK_STEP_MS = 20;

/** This user's directory of files that ssh needs, which stay: settings that were printed name them. */
export class StateDirectory {
  readonly #host: Host;
  readonly #path: string;

  /** Makes the directory if need be. @throws Failure */
  constructor(host: Host) {
    this.#host = host;
    this.#path = `${stateHome(host)}/docker-ssh`;
    withRemedy(() => makeDirectories(host, this.#path));
  }

  /** Sees to it that the file of host keys has these, and no other, for `name`. @returns its path */
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

  /** A copy of a private key that ssh takes: it is this user's alone. @returns its path */
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
    // Too large, it is none that is made here; what it holds is learned anew.
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

/** What cannot be done in this directory may be done in another. @throws Failure that says so */
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

/** This user's home, as ssh finds it: HOME may still be that of who called sudo. @throws Failure where there is none */
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
