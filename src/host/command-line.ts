import { type Option, parseOptions, type Reply, refuse } from "../core/args.ts";
import { printable } from "../core/printable.ts";
import { ENGINE_NAMES, type EngineName } from "./engine.ts";

/** The common part of the command lines of the host's tools. */
export interface Asked {
  readonly kind: "asked";
  readonly container: string;
  /** None: a login shell. */
  readonly command: readonly string[];
  readonly engine: EngineName | undefined;
  readonly isVerbose: boolean;
  /** The other options by their long flag: the value, empty for an option without one. */
  readonly given: ReadonlyMap<string, string>;
}

/** Parses options, container and command. The first word that is no option is the container. A command may begin with `-` only after `--`. */
export function readHostWords(words: readonly string[], options: readonly Option[]): Asked | Reply {
  const parsed = parseOptions(options, words);
  if (parsed.kind !== "ok") return parsed;
  const { given } = parsed;
  const [container, ...command] = parsed.words;
  if (container === undefined || container === "") return refuse("no container is named");
  if (command[0]?.startsWith("-") && words.at(-parsed.words.length - 1) !== "--") {
    return refuse(`"${printable(command[0])}" is no command; options come before the container`);
  }
  const engineName = given.get("--engine");
  const engine = ENGINE_NAMES.find((known) => known === engineName);
  if (engineName !== undefined && engine === undefined) return refuse("--engine needs docker or podman");
  return { kind: "asked", container, command, engine, isVerbose: given.has("--verbose"), given };
}
