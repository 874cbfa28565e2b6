import { printable } from "../core/printable.ts";
import { ENGINE_NAMES, type EngineName } from "../host/engine.ts";

/** What the command line asks for. */
export type Request =
  | {
      readonly kind: "enter";
      readonly container: string;
      /** None: a login shell. */
      readonly command: readonly string[];
      /** A user of the container: a name, a uid, uid:gid or name:group. */
      readonly user: string;
      readonly engine: EngineName | undefined;
      readonly isVerbose: boolean;
    }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "refuse"; readonly reason: string };

export const USAGE = `usage: docker-bash [OPTION]... CONTAINER [COMMAND [ARG]...]
Enters a running container, by its name or the start of its id: a login shell as root, or COMMAND.

  -u, --user USER  be another user of the container: a name, a uid, uid:gid or name:group
  --engine NAME    docker or podman; otherwise CONTAINER_ENGINE says, or both are asked
  -v, --verbose    say how the container is entered
  --help           show this text
  --version        show the version
`;

/** Reads the words after the program's name. Options end at the first word that is none: it is the container. */
export function readCommandLine(words: readonly string[]): Request {
  let engine: EngineName | undefined;
  let user = "0";
  let isVerbose = false;
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] ?? "";
    if (!word.startsWith("-")) break;
    if (word === "--") {
      at++;
      break;
    }
    const equals = word.startsWith("--") ? word.indexOf("=") : -1;
    const option = equals < 0 ? word : word.slice(0, equals);
    const value = () => (equals < 0 ? (words[++at] ?? "") : word.slice(equals + 1));
    switch (option) {
      case "-h":
      case "--help":
        return { kind: "help" };
      case "--version":
        return { kind: "version" };
      case "-v":
      case "--verbose":
        isVerbose = true;
        break;
      case "-u":
      case "--user":
        user = value();
        if (user === "") return { kind: "refuse", reason: `${option} needs a user` };
        break;
      case "--engine": {
        const name = value();
        engine = ENGINE_NAMES.find((known) => known === name);
        if (engine === undefined) return { kind: "refuse", reason: "--engine needs docker or podman" };
        break;
      }
      default:
        return { kind: "refuse", reason: `unknown option "${printable(word)}"` };
    }
  }
  const [container, ...command] = words.slice(at);
  if (container === undefined || container === "") return { kind: "refuse", reason: "no container is named" };
  return { kind: "enter", container, command, user, engine, isVerbose };
}
