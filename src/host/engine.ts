// Tested by test/e2e/docker-bash.test.ts, test/e2e/docker-ssh.test.ts.
import { exitStatus } from "../core/child-end.ts";
import { parseEnviron } from "../core/container-env.ts";
import { printable } from "../core/printable.ts";
import { lookupCommand } from "../linux/path-lookup.ts";
import { Failure } from "../linux/sys-error.ts";
import { type Captured, capture } from "./capture.ts";
import { type Candidate, type ContainerFacts, readCandidates, readFacts } from "./container-facts.ts";
import type { Host } from "./host.ts";

/** The commands of the container engines, in the order of asking. */
export const ENGINE_NAMES = ["docker", "podman"] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

/** Names the container engine if the command line does not. */
const VARIABLE = "CONTAINER_ENGINE";

/** A container that a container engine knows. */
export interface Container extends ContainerFacts {
  readonly engine: Engine;
}

/** A container engine, by its command. */
export class Engine {
  readonly name: EngineName;
  /** Path of the command. */
  readonly file: string;
  readonly #host: Host;

  constructor(host: Host, name: EngineName, file: string) {
    this.#host = host;
    this.name = name;
    this.file = file;
  }

  /** Runs the container engine's command and keeps its output. @throws SysError if it cannot be started */
  run(words: readonly string[]): Captured {
    return capture(this.#host, { file: this.file, argv: [this.name, ...words], environ: this.#host.environ });
  }

  /**
   * The output of `inspect` for a container.
   *
   * @param template of Go
   * @throws Failure if it fails
   */
  inspect(container: string, template: string): string {
    const { end, stdout, stderr } = this.run(["container", "inspect", "--format", template, container]);
    if (exitStatus(end) !== 0)
      throw new Failure(`cannot inspect container "${printable(container)}": ${lastLine(stderr)}`);
    return stdout.endsWith("\n") ? stdout.slice(0, -1) : stdout;
  }

  /** Replaces this process by the container engine's command. @returns only on failure: the errno, above zero */
  exec(words: readonly string[]): number {
    return -this.#host.exec(this.file, [this.name, ...words], this.#host.environ);
  }
}

/**
 * Finds a container by its name or the start of its id.
 *
 * @param wanted the container engine to ask; undefined: CONTAINER_ENGINE, or else all that are installed, in order
 * @throws Failure if there is none or more than one, or no engine answers
 */
export function findContainer(host: Host, word: string, wanted: EngineName | undefined): Container {
  const engines = enginesToAsk(host, wanted);
  const reasons: string[] = [];
  for (const engine of engines) {
    const found = ask(engine, word);
    if (typeof found !== "string") return found;
    reasons.push(found);
  }
  throw new Failure(`cannot find container "${printable(word)}": ${reasons.join("; ")}`);
}

/** @throws Failure if there is none */
function enginesToAsk(host: Host, wanted: EngineName | undefined): Engine[] {
  const env = parseEnviron(host.environ);
  const named = wanted ?? env.get(VARIABLE) ?? "";
  const names = named === "" ? ENGINE_NAMES : ENGINE_NAMES.filter((name) => name === named);
  if (names.length === 0) {
    throw new Failure(`unknown engine "${printable(named)}" in ${VARIABLE}; docker and podman are known`);
  }
  const engines = names.flatMap((name) => {
    const found = lookupCommand(host, name, env.get("PATH"));
    return found.kind === "found" ? [new Engine(host, name, found.path)] : [];
  });
  if (engines.length > 0) return engines;
  throw new Failure(`there is no ${names.join(" and no ")} in PATH; install it, or add its directory to PATH`);
}

/** The container; if the engine knows none, a sentence about the reason. */
function ask(engine: Engine, word: string): Container | string {
  const template = "{{.Id}}\n{{.Name}}\n{{.State.Status}}\n{{.State.Pid}}";
  const { end, stdout } = engine.run(["container", "inspect", "--format", template, word]);
  const facts = exitStatus(end) === 0 ? readFacts(stdout) : undefined;
  if (facts !== undefined) return { ...facts, engine };

  // Why not? The container engines' messages change from version to version.
  const list = engine.run(["ps", "--all", "--no-trunc", "--format", "{{.ID}} {{.Names}}"]);
  if (exitStatus(list.end) !== 0) {
    const why = lastLine(list.stderr);
    const remedy = why.includes("permission denied") ? "; run this by sudo, or as one of the group docker" : "";
    return `${engine.name} does not answer: ${why}${remedy}`;
  }
  const candidates = readCandidates(list.stdout, word);
  if (candidates.length > 1) {
    throw new Failure(`more than one container has an id that begins with "${printable(word)}": ${list3(candidates)}`);
  }
  return `${engine.name} has none of this name or id ("${engine.name} ps --all" lists all)`;
}

function list3(candidates: readonly Candidate[]): string {
  const shown = candidates.slice(0, 3).map(({ id, name }) => `${id.slice(0, 12)} (${name})`);
  return shown.join(", ") + (candidates.length > 3 ? ", ..." : "");
}

/** The last line of a container engine's output: the lines before it are often warnings. */
export function lastLine(text: string): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return printable(lines.at(-1) ?? "it said nothing");
}
