// Tested by src/container/service-faults.test.ts.
/** A mistake in a file: the boot fails or warns because of it, and container_lint finds it before. */
export interface Fault {
  readonly path: string;
  /** The number of the line, from 1; undefined: the file as a whole. */
  readonly line?: number;
  /** What is wrong; mostly also what to do. */
  readonly reason: string;
}

/** The fault of a program, as a line of the log has it. */
export function programFaultWords({ path, reason }: Fault): string {
  return `cannot run "${path}": ${reason}`;
}
