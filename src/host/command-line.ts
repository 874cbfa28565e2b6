import { printable } from "../core/printable.ts";
import { version } from "../core/version.ts";
import { writeAll } from "../linux/output.ts";
import { STATUS_USAGE, STDERR, STDOUT } from "../linux/program.ts";
import { ENGINE_NAMES, type EngineName } from "./engine.ts";
import type { Host } from "./host.ts";

/** A command line that asks for words only. */
export type Talk =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "refuse"; readonly reason: string };

/** What the command lines of the host's tools have in common. */
export interface Asked {
  readonly kind: "asked";
  readonly container: string;
  /** None: a login shell. */
  readonly command: readonly string[];
  readonly engine: EngineName | undefined;
  readonly isVerbose: boolean;
  /** What else was given, by name: the value, empty for an option that has none. */
  readonly given: ReadonlyMap<string, string>;
}

/** An option of one tool, as it may be typed: `-u`, `--user`. */
export interface HostOption {
  readonly flags: readonly string[];
  readonly name: string;
  readonly hasValue: boolean;
}

const COMMON: readonly HostOption[] = [
  { flags: ["-h", "--help"], name: "help", hasValue: false },
  { flags: ["--version"], name: "version", hasValue: false },
  { flags: ["-v", "--verbose"], name: "verbose", hasValue: false },
  { flags: ["--engine"], name: "engine", hasValue: true },
];

/**
 * Takes options, container and command apart. Options end at the first word that is none: it is the container. A value
 * stands in the next word, or in the same: `-uUSER`, `--user=USER`.
 *
 * @see XBD 12.2 guidelines 6, 9 and 10
 */
export function readHostWords(words: readonly string[], own: readonly HostOption[]): Asked | Talk {
  const given = new Map<string, string>();
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] ?? "";
    if (!word.startsWith("-")) break;
    if (word === "--") {
      at++;
      break;
    }
    const found = findOption([...COMMON, ...own], word);
    if (found === undefined) return refuse(`unknown option "${printable(word)}"`);
    const { name, hasValue, flag } = found;
    if (name === "help" || name === "version") return { kind: name };
    const value = !hasValue ? "" : word === flag ? words[++at] : word.slice(flag.length + (flag.length > 2 ? 1 : 0));
    if (hasValue && (value ?? "") === "") return refuse(`${flag} needs a value`);
    given.set(name, value ?? "");
  }
  const [container, ...command] = words.slice(at);
  if (container === undefined || container === "") return refuse("no container is named");
  const engineName = given.get("engine");
  const engine = ENGINE_NAMES.find((known) => known === engineName);
  if (engineName !== undefined && engine === undefined) return refuse("--engine needs docker or podman");
  return { kind: "asked", container, command, engine, isVerbose: given.has("verbose"), given };
}

function findOption(
  options: readonly HostOption[],
  word: string,
): (HostOption & { readonly flag: string }) | undefined {
  for (const option of options) {
    const isMeant = (flag: string) =>
      word === flag || (option.hasValue && word.startsWith(flag.length > 2 ? `${flag}=` : flag));
    const flag = option.flags.find(isMeant);
    if (flag !== undefined) return { ...option, flag };
  }
  return undefined;
}

/** A command line that cannot be meant. */
export function refuse(reason: string): Talk {
  return { kind: "refuse", reason };
}

/** Says what is asked for. @returns the exit status of the tool `name` */
export function talk(host: Host, name: string, usage: string, request: Talk): number {
  if (request.kind === "refuse") {
    writeAll(host, STDERR, `${name}: ${request.reason}\n${usage}`);
    return STATUS_USAGE;
  }
  return writeAll(host, STDOUT, request.kind === "help" ? usage : `${name} ${version}\n`) ? 0 : 1;
}
