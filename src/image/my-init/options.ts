import { type Option, parseOptions, type Reply, refuse } from "../../core/args.ts";

/** The command line of my_init. @see docs/reference/my_init.md */
export interface Options {
  readonly enableInsecureKey: boolean;
  readonly skipStartupFiles: boolean;
  readonly skipRunit: boolean;
  readonly killAllOnExit: boolean;
  readonly isQuiet: boolean;
  /** Empty: no command, run until a request to stop. */
  readonly command: readonly string[];
}

/** What the command line asks for. */
export type Request = { readonly kind: "live"; readonly options: Options } | Reply;

const OPTIONS: readonly Option[] = [
  { flag: "--enable-insecure-key", help: "install the insecure SSH key for root before the startup files run" },
  { flag: "--skip-startup-files", help: "run neither /etc/my_init.d/* nor /etc/rc.local" },
  { flag: "--skip-runit", help: "start no services; needs a COMMAND" },
  { flag: "--no-kill-all-on-exit", help: "leave other processes alone at the end" },
  { flag: "--quiet", help: "print warnings and errors only" },
];

const USAGE_LINE = "usage: my_init [OPTION]... [--] [COMMAND [ARG]...]\n";

/** What follows a refusal. */
export const USAGE = `${USAGE_LINE}Try 'my_init --help'.\n`;

/** Reads the words after the program's name. */
export function readCommandLine(words: readonly string[]): Request {
  const parsed = parseOptions(OPTIONS, words);
  if (parsed.kind !== "ok") return parsed;
  const has = (flag: string) => parsed.given.has(flag);
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

/** Whether there is more than the command: without startup files and services nothing runs that would log or needs a report. */
export function hasMore({ skipRunit, skipStartupFiles }: Options): boolean {
  return !(skipStartupFiles && skipRunit);
}

/** What --help prints. */
export function help(): string {
  const width = Math.max(...OPTIONS.map(({ flag }) => flag.length));
  const line = (flag: string, effect = "") => `  ${flag.padEnd(width)}  ${effect}\n`;
  const lines = OPTIONS.map(({ flag, help }) => line(flag, help));
  return `${USAGE_LINE}
Boots the container: environment, startup files, services. With COMMAND: runs it, shuts down and
exits with its status. Without: runs until asked to stop.

${lines.join("")}${line("--help", "print this and exit")}${line("--version", "print the version and exit")}
Environment: ENV_INIT_DIRECTORY (instead of /etc/my_init.d), SHUTDOWN_TIMEOUT (seconds for the whole
shutdown; 9, in Kubernetes 28), KILL_PROCESS_TIMEOUT and KILL_ALL_PROCESSES_TIMEOUT (seconds).
`;
}
