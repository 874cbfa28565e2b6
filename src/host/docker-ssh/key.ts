// Tested by test/e2e/docker-ssh.test.ts.
import { printable } from "../../core/printable.ts";
import { fileFacts } from "../../linux/files.ts";
import { Failure, SysError } from "../../linux/sys-error.ts";
import type { Host } from "../host.ts";
import { bareKey } from "./probe.ts";
import { homeDirectory, type StateDirectory } from "./state-directory.ts";

/** A private key to log in with. */
export interface Key {
  readonly path: string;
  /** `TYPE KEY`, from the file beside it; undefined: no such file. */
  readonly publicKey: string | undefined;
  /** Whether it is the published insecure key. */
  readonly isInsecure: boolean;
}

/** The insecure key, relative to this program's directory: as installed, and in a checkout. */
const PLACES: readonly string[] = ["../share/baseimage/insecure_key", "../../rootfs/ssh/etc/insecure_key"];

/** Mode bits for which ssh refuses a key that its user owns. */
const OTHERS = 0o077;

/** More than any key has. */
const MAX_BYTES = 1 << 16;

/**
 * Finds the key to log in with.
 *
 * @param given its path; undefined: the insecure key
 * @throws Failure if there is none
 */
export function findKey(host: Host, given: string | undefined): Key {
  if (given !== undefined) {
    const path = host.realPath(given);
    if (typeof path === "number") throw new SysError("cannot find the key", given, -path);
    return { path, publicKey: publicKey(host, path), isInsecure: false };
  }
  const places = placesOfInsecureKey(host);
  for (const place of places) {
    const path = host.realPath(place);
    if (typeof path === "string") return { path, publicKey: publicKey(host, path), isInsecure: true };
  }
  const looked = places.map((place) => `"${printable(place)}"`).join(", ");
  throw new Failure(
    `cannot find the insecure key; looked for ${looked}\ninstall it with install-tools.sh, or name a key with -i KEY`,
  );
}

/** A path of the key that ssh accepts: a private copy if ssh would refuse the file. */
export function usablePath(host: Host, key: Key, directory: StateDirectory): string {
  const facts = fileFacts(host, key.path);
  if (typeof facts === "number") throw new SysError("cannot look at the key", key.path, facts);
  const readable = host.access(key.path, 4);
  if (readable < 0) throw new SysError("cannot read the key", key.path, -readable);
  const isRefused = facts.uid === host.getEuid() && (facts.mode & OTHERS) !== 0;
  if (!isRefused) return key.path;
  if (!key.isInsecure) {
    throw new Failure(
      `ssh takes no key that others may read, as "${printable(key.path)}"\nclose it: chmod 600 ${key.path}`,
    );
  }
  const content = host.readFile(key.path, MAX_BYTES, false);
  if (typeof content === "number") throw new SysError("cannot read the key", key.path, -content);
  return directory.copyOfKey(content);
}

function placesOfInsecureKey(host: Host): string[] {
  const program = host.realPath("/proc/self/exe");
  const directory = typeof program === "string" ? program.slice(0, program.lastIndexOf("/")) : "";
  return [...PLACES.map((place) => `${directory}/${place}`), `${homeDirectory(host)}/.ssh/insecure_key`];
}

function publicKey(host: Host, path: string): string | undefined {
  const content = host.readFile(`${path}.pub`, MAX_BYTES, false);
  return typeof content === "string" ? bareKey(content)[0] : undefined;
}
