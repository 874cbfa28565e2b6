// Tested by src/image/my-init/environment.test.ts.
import { isScratchName, isShortEnough, longestContent, valueOfContent } from "../core/container-env.ts";
import { printable } from "../core/printable.ts";
import { ERRNO, errorWords } from "../linux/errno.ts";
import type { Linux } from "../linux/linux.ts";
import { Failure, SysError } from "../linux/sys-error.ts";

/** The variables of the container, a file each. */
export const ENVIRONMENT = "/etc/container_environment";

/** What a directory of variables holds. */
export interface VariableFiles {
  readonly variables: ReadonlyMap<string, string>;
  /** The names that directories have there. */
  readonly directories: ReadonlySet<string>;
}

/**
 * Reads the variables of a directory, a file each; warns of names and files that can be none.
 *
 * @param names of its entries
 * @throws SysError where one cannot be read
 * @throws Failure where one holds what no variable can
 * @see docs/reference/environment.md
 */
export function readVariables(
  linux: Linux,
  log: { warn(message: string): void },
  directory: string,
  names: readonly string[],
): VariableFiles {
  const variables = new Map<string, string>();
  const directories = new Set<string>();
  for (const name of [...names].sort()) {
    if (isScratchName(name)) continue;
    const path = `${directory}/${name}`;
    const skip = (reason: string) => log.warn(`"${printable(path)}" is no variable: ${reason}`);
    const content = name.includes("=") ? "" : linux.readFile(path, longestContent(name), false);
    if (content === -ERRNO.EISDIR) directories.add(name);
    if (name.includes("=")) skip("a variable's name cannot have an equals sign");
    else if (content === -ERRNO.EISDIR || content === -ERRNO.EINVAL) {
      // Kubernetes puts directories named ..data and ..2026_01_01 into a volume; they are no mistake.
      if (content === -ERRNO.EINVAL || !name.startsWith("..")) skip("it is no file");
    } else if (typeof content === "number") throw new SysError("cannot read", path, -content);
    else
      variables.set(
        name,
        checked(name, content, () => `cannot use "${printable(path)}"`),
      );
  }
  return { variables, directories };
}

/** The value of a variable that is read from a file of its own. @throws Failure where it cannot be read, or used */
export function readSecret(linux: Linux, name: string, path: string): string {
  const content = linux.readFile(path, longestContent(name), false);
  const act = () => `cannot set the variable "${printable(name)}" from the file "${printable(path)}"`;
  if (typeof content === "number") throw new Failure(`${act()}: ${errorWords(-content)}`);
  return checked(name, content, act);
}

/** @param act what cannot be done where it cannot be done */
function checked(name: string, content: string, act: () => string): string {
  if (content.includes("\0")) throw new Failure(`${act()}: a variable cannot hold a NUL byte`);
  const value = valueOfContent(content);
  if (!isShortEnough(name, value)) throw new Failure(`${act()}: ${errorWords(ERRNO.EFBIG)}`);
  return value;
}
