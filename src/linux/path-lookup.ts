import { ERRNO } from "./errno.ts";
import { fileFacts, isExecutable } from "./files.ts";
import type { Linux } from "./linux.ts";

/** The search path if PATH is not set. @see confstr(3), _CS_PATH */
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The path of a command, or why there is none: a shell exits with 127 or 126 for it. */
export type Lookup =
  | { readonly kind: "found"; readonly path: string }
  | { readonly kind: "not-found"; readonly errno: number }
  | { readonly kind: "not-executable"; readonly path: string; readonly errno: number };

/** Finds the file of a command: a word with a slash is a path; others are searched in `path`, as in execvp(3). */
export function lookupCommand(linux: Linux, command: string, path: string | undefined): Lookup {
  if (command.includes("/")) return lookAt(linux, command);
  let best: Lookup = { kind: "not-found", errno: ERRNO.ENOENT };
  if (command === "") return best;
  for (const directory of (path ?? DEFAULT_PATH).split(":")) {
    const found = lookAt(linux, directory === "" ? `./${command}` : `${directory}/${command}`);
    if (found.kind === "found") return found;
    if (found.kind === "not-executable" && best.kind === "not-found" && found.errno !== ERRNO.EISDIR) best = found;
  }
  return best;
}

function lookAt(linux: Linux, path: string): Lookup {
  const facts = fileFacts(linux, path);
  if (typeof facts === "number") {
    return facts === ERRNO.EACCES
      ? { kind: "not-executable", path, errno: facts }
      : { kind: "not-found", errno: facts };
  }
  if (facts.type === "directory") return { kind: "not-executable", path, errno: ERRNO.EISDIR };
  return isExecutable(linux, path) ? { kind: "found", path } : { kind: "not-executable", path, errno: ERRNO.EACCES };
}
