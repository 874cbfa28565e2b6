import { type Reply, refuse, wholeNumber } from "../../core/args.ts";
import { readHostWords } from "../command-line.ts";
import type { EngineName } from "../engine.ts";
import { describeTool } from "../tool.ts";

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

/** The program in words. */
export const TOOL = describeTool(
  "docker-ssh",
  `Logs in to a running container by SSH, named by its name or the start of its id: a login shell, or COMMAND.
COMMAND of one word is a line for the shell there; of several, a program and its arguments.`,
  "show how ssh is called",
  [
    {
      flag: "--identity",
      letter: "-i",
      value: "a value",
      placeholder: "KEY",
      completions: "files",
      help: "log in with this private key; otherwise with the insecure key",
    },
    {
      flag: "--user",
      letter: "-l",
      value: "a value",
      placeholder: "USER",
      help: "log in as USER; otherwise as root",
    },
    {
      flag: "--port",
      letter: "-p",
      value: "a value",
      placeholder: "PORT",
      help: "where sshd listens in the container; otherwise as its configuration says",
    },
    { flag: "--config", help: "print these settings, for ssh -F, scp -F and others that take them" },
  ],
);

/** Reads the words after the program's name. */
export function readCommandLine(words: readonly string[]): Request {
  const asked = readHostWords(words, TOOL.options);
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
