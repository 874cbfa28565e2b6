import { type Option, optionsHelp, parseOptions } from "../../core/args.ts";
import { printable } from "../../core/printable.ts";
import { version } from "../../core/version.ts";

/** The command line of my_init. @see docs/reference/my_init.md */
export interface Options {
  readonly enableInsecureKey: boolean;
  readonly skipStartupFiles: boolean;
  readonly skipRunit: boolean;
  readonly killAllOnExit: boolean;
  readonly isQuiet: boolean;
  /** Empty: no command, stay until told to stop. */
  readonly command: readonly string[];
}

/** What the command line asks for: to live, or to say something and leave. */
export type Request =
  | { readonly kind: "live"; readonly options: Options }
  | { readonly kind: "say"; readonly text: string }
  | { readonly kind: "refuse"; readonly text: string };

const OPTIONS: readonly Option[] = [
  { flag: "--enable-insecure-key", help: "install the insecure SSH key for root before the startup files run" },
  { flag: "--skip-startup-files", help: "run neither /etc/my_init.d/* nor /etc/rc.local" },
  { flag: "--skip-runit", help: "start no services; needs a COMMAND" },
  { flag: "--no-kill-all-on-exit", help: "leave other processes alone at the end" },
  { flag: "--quiet", help: "print warnings and errors only" },
  { flag: "--help", help: "print this and exit" },
  { flag: "--version", help: "print the version and exit" },
];

const USAGE = "usage: my_init [OPTION]... [--] [COMMAND [ARG]...]\n";

/** Reads the words after the program's name. */
export function readCommandLine(words: readonly string[]): Request {
  // -h is what the original's users type.
  const parsed = parseOptions([...OPTIONS, { flag: "-h", help: "" }], words);
  if (parsed.kind === "unknown-option") return refuse(`unknown option "${printable(parsed.option)}"`);
  const has = (flag: string) => parsed.flags.has(flag);
  if (has("--help") || has("-h")) return { kind: "say", text: help() };
  if (has("--version")) return { kind: "say", text: `my_init ${version}\n` };
  if (has("--skip-runit") && parsed.words.length === 0) {
    return refuse("--skip-runit needs a COMMAND: without services and without a command there is nothing to run");
  }
  return {
    kind: "live",
    options: {
      enableInsecureKey: has("--enable-insecure-key"),
      skipStartupFiles: has("--skip-startup-files"),
      skipRunit: has("--skip-runit"),
      killAllOnExit: !has("--no-kill-all-on-exit"),
      isQuiet: has("--quiet"),
      command: parsed.words,
    },
  };
}

function refuse(reason: string): Request {
  return { kind: "refuse", text: `my_init: ${reason}\n${USAGE}Try 'my_init --help'.\n` };
}

function help(): string {
  return `${USAGE}
Boots the container: environment, startup files, services. With COMMAND: runs it, shuts down and
exits with its status. Without: stays until told to stop.

${optionsHelp(OPTIONS)}
Environment: ENV_INIT_DIRECTORY (instead of /etc/my_init.d), SHUTDOWN_TIMEOUT (seconds for the whole
shutdown; 9, in Kubernetes 28), KILL_PROCESS_TIMEOUT and KILL_ALL_PROCESSES_TIMEOUT (seconds).
`;
}
