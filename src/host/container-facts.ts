import { wholeNumber } from "../core/args.ts";

/** A container as the container engine describes it. */
export interface ContainerFacts {
  /** All 64 digits. */
  readonly id: string;
  readonly name: string;
  /** `running`, `exited`, `paused` and so on, in the container engine's words. */
  readonly status: string;
  /** The pid of the container's first process on the container engine's machine; 0: none. */
  readonly pid: number;
}

/** A container that a word may name. */
export interface Candidate {
  readonly id: string;
  readonly name: string;
}

/** Reads the four lines of `inspect`: id, name, status, pid. */
export function readFacts(lines: string): ContainerFacts | undefined {
  const [id, name, status, pid] = lines.split("\n");
  const number = wholeNumber(pid ?? "");
  if (!id || name === undefined || status === undefined || number === undefined) return undefined;
  return { id, name: name.startsWith("/") ? name.slice(1) : name, status, pid: number };
}

/** The lines `ID NAME` whose id begins with `prefix`. */
export function readCandidates(lines: string, prefix: string): Candidate[] {
  return lines.split("\n").flatMap((line) => {
    const space = line.indexOf(" ");
    return space > 0 && line.startsWith(prefix) ? [{ id: line.slice(0, space), name: line.slice(space + 1) }] : [];
  });
}
