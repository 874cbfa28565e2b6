import {
  isScratchName,
  isShortEnough,
  longestContent,
  OF_ONE_SHELL,
  parseEnviron,
  valueOfContent,
} from "../../core/container-env.ts";
import type { Identity } from "../../linux/identity.ts";
import type { Linux } from "../../linux/linux.ts";

/** Where my_init keeps the container's variables; the first that exists counts. @see docs/reference/environment.md */
const DIRECTORIES = ["/run/container_environment", "/etc/container_environment"];

/**
 * The environment of a command in the container: the container's variables, the variables that its my_init has added if
 * the user may read them, and the user's own. Of the host's variables only TERM.
 *
 * @param given `NAME=value` strings that the container's first process was started with
 * @param terminal the value of TERM, if the command has a terminal
 */
export function commandEnvironment(
  linux: Linux,
  given: readonly string[],
  identity: Identity,
  terminal: string | undefined,
): Map<string, string> {
  return withOwn(new Map([...containerVariables(given), ...directoryVariables(linux)]), identity, terminal);
}

/** The same without my_init's additions, for when they are too large for execve(2). */
export function smallEnvironment(
  given: readonly string[],
  identity: Identity,
  terminal: string | undefined,
): Map<string, string> {
  return withOwn(containerVariables(given), identity, terminal);
}

/** Without the variables that a shell as the container's first process sets for itself, like `docker exec`. */
function containerVariables(given: readonly string[]): Map<string, string> {
  return new Map([...parseEnviron(given)].filter(([name]) => !OF_ONE_SHELL.includes(name)));
}

function withOwn(
  env: Map<string, string>,
  { name, home }: Identity,
  terminal: string | undefined,
): Map<string, string> {
  env.set("HOME", home).set("USER", name).set("LOGNAME", name);
  if (terminal !== undefined) env.set("TERM", terminal);
  return env;
}

function directoryVariables(linux: Linux): Map<string, string> {
  const variables = new Map<string, string>();
  for (const directory of DIRECTORIES) {
    const names = linux.listDir(directory);
    if (typeof names === "number") continue;
    for (const name of names) {
      if (isScratchName(name) || name.includes("=")) continue;
      const content = linux.readFile(`${directory}/${name}`, longestContent(name), false);
      if (typeof content === "number" || content.includes("\0")) continue;
      const value = valueOfContent(content);
      if (isShortEnough(name, value)) variables.set(name, value);
    }
    break;
  }
  return variables;
}
