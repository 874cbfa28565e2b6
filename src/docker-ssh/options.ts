import { wholeNumber } from "../core/args.ts";
import { printable } from "../core/printable.ts";
import { ENGINE_NAMES, type EngineName } from "../host/engine.ts";

/** A login that the command line asks for. */
export interface Login {
  readonly kind: "log-in";
  readonly container: string;
  /** None: a login shell. */
  readonly command: readonly string[];
  readonly user: string;
  /** Path of a private key; undefined: the insecure one. */
  readonly key: string | undefined;
  /** Where sshd listens in the container; undefined: as its configuration says. */
  readonly port: number | undefined;
  readonly engine: EngineName | undefined;
  /** Whether the settings are to be printed instead of used. */
  readonly isForConfig: boolean;
  readonly isVerbose: boolean;
}

/** What the command line asks for. */
export type Request =
  | Login
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "refuse"; readonly reason: string };

export const USAGE = `usage: docker-ssh [OPTION]... CONTAINER [COMMAND [ARG]...]
Logs in to a running container by SSH, named by its name or the start of its id: a login shell, or COMMAND.
COMMAND of one word is a line for the shell there; of several, a program and its arguments.

  -i, --identity KEY  log in with this private key; otherwise with the insecure key
  -l, --user USER     log in as USER; otherwise as root
  -p, --port PORT     where sshd listens in the container; otherwise as its configuration says
  --config            print these settings, for ssh -F, scp -F and others that take them
  --engine NAME       docker or podman; otherwise CONTAINER_ENGINE says, or both are asked
  -v, --verbose       show how ssh is called
  --help              show this text
  --version           show the version
`;

/** Options with a value: as typed, and what they are called here. */
const VALUED: readonly (readonly [flag: string, name: "key" | "user" | "port" | "engine"])[] = [
  ["-i", "key"],
  ["--identity", "key"],
  ["-l", "user"],
  ["--user", "user"],
  ["-p", "port"],
  ["--port", "port"],
  ["--engine", "engine"],
];

/** Reads the words after the program's name. Options end at the first word that is none: it is the container. */
export function readCommandLine(words: readonly string[]): Request {
  const values = new Map<string, string>();
  let [isForConfig, isVerbose] = [false, false];
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
    else if (word === "--config") isForConfig = true;
    else {
      const valued = VALUED.find(([flag]) => word === flag || word.startsWith(flag.length > 2 ? `${flag}=` : flag));
      if (valued === undefined) return refuse(`unknown option "${printable(word)}"`);
      const [flag, name] = valued;
      const value = word === flag ? words[++at] : word.slice(flag.length > 2 ? flag.length + 1 : flag.length);
      if (value === undefined || value === "") return refuse(`${flag} needs a value`);
      values.set(name, value);
    }
  }
  const [container, ...command] = words.slice(at);
  if (container === undefined || container === "") return refuse("no container is named");
  if (isForConfig && command.length > 0) return refuse("--config takes no command");
  const engineName = values.get("engine");
  const engine = ENGINE_NAMES.find((known) => known === engineName);
  if (engineName !== undefined && engine === undefined) return refuse("--engine needs docker or podman");
  const portWord = values.get("port");
  const port = portWord === undefined ? undefined : wholeNumber(portWord);
  if (portWord !== undefined && (port === undefined || port < 1 || port > 65535)) {
    return refuse("--port needs a number from 1 to 65535");
  }
  const user = values.get("user") ?? "root";
  const key = values.get("key");
  return { kind: "log-in", container, command, user, key, port, engine, isForConfig, isVerbose };
}

function refuse(reason: string): Request {
  return { kind: "refuse", reason };
}
