import { type Option, type Reply, refuse, wholeNumber } from "../../core/args.ts";
import { readHostWords } from "../command-line.ts";
import type { EngineName } from "../engine.ts";

/** A login that the command line asks for. */
export interface Login {
  readonly kind: "log-in";
  readonly container: string;
  /** None: a login shell. */
  readonly command: readonly string[];
  readonly user: string;
  /** Path of a private key; undefined: the insecure key. */
  readonly key: string | undefined;
  /** Where sshd listens in the container; undefined: as in its configuration. */
  readonly port: number | undefined;
  readonly engine: EngineName | undefined;
  /** Whether to print the settings instead of using them. */
  readonly isForConfig: boolean;
  readonly isVerbose: boolean;
}

/** What the command line asks for. */
export type Request = Login | Reply;

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

const OPTIONS: readonly Option[] = [
  { flag: "--identity", letter: "-i", value: "a value" },
  { flag: "--user", letter: "-l", value: "a value" },
  { flag: "--port", letter: "-p", value: "a value" },
  { flag: "--config" },
];

/** Reads the words after the program's name. */
export function readCommandLine(words: readonly string[]): Request {
  const asked = readHostWords(words, OPTIONS);
  if (asked.kind !== "asked") return asked;
  const { container, command, engine, isVerbose, given } = asked;
  const isForConfig = given.has("--config");
  if (isForConfig && command.length > 0) return refuse("--config takes no command");
  const portWord = given.get("--port");
  const port = portWord === undefined ? undefined : wholeNumber(portWord);
  if (portWord !== undefined && (port === undefined || port < 1 || port > 65535)) {
    return refuse("--port needs a number from 1 to 65535");
  }
  const user = given.get("--user") ?? "root";
  const key = given.get("--identity");
  return { kind: "log-in", container, command, user, key, port, engine, isForConfig, isVerbose };
}
