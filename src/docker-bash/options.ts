import { printable } from "../core/printable.ts";
import { ENGINE_NAMES, type EngineName } from "../host/engine.ts";

/** What the command line asks for. */
export type Request =
  | {
      readonly kind: "enter";
      readonly container: string;
      /** None: a login shell. */
      readonly command: readonly string[];
      readonly engine: EngineName | undefined;
      readonly isVerbose: boolean;
    }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "refuse"; readonly reason: string };

export const USAGE = `usage: docker-bash [OPTION]... CONTAINER [COMMAND [ARG]...]
Enters a running container, by its name or the start of its id: a login shell as root, or COMMAND.

  --engine NAME  docker or podman; otherwise CONTAINER_ENGINE says, or both are asked
  -v, --verbose  say how the container is entered
  --help         show this text
  --version      show the version
`;

/** Reads the words after the program's name. Options end at the first word that is none: it is the container. */
export function readCommandLine(words: readonly string[]): Request {
  let engine: EngineName | undefined;
  let isVerbose = false;
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] ?? "";
    if (!word.startsWith("-")) break;
    if (word === "--") {
      at++;
      break;
    }
    if (word === "--help" || word === "-h") return { kind: "help" };
    if (word === "--version") return { kind: "version" };
    if (word === "--verbose" || word === "-v") isVerbose = true;
    else if (word === "--engine" || word.startsWith("--engine=")) {
      const name = word === "--engine" ? (words[++at] ?? "") : word.slice("--engine=".length);
      engine = ENGINE_NAMES.find((known) => known === name);
      if (engine === undefined) return { kind: "refuse", reason: "--engine needs docker or podman" };
    } else return { kind: "refuse", reason: `unknown option "${printable(word)}"` };
  }
  const [container, ...command] = words.slice(at);
  if (container === undefined || container === "") return { kind: "refuse", reason: "no container is named" };
  return { kind: "enter", container, command, engine, isVerbose };
}
