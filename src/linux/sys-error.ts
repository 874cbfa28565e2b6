import { printable } from "../core/printable.ts";
import { errorWords } from "./errno.ts";

/** Something that cannot be done, told in one sentence for whoever runs the program: no bug, no stack. */
export class Failure extends Error {}

/** A call that failed where the caller has no plan: what was tried, on what, and why it failed. */
export class SysError extends Failure {
  readonly errno: number;

  /**
   * @param act the act in words: `cannot read`
   * @param object what it was done to, a path mostly
   */
  constructor(act: string, object: string, errno: number) {
    super(failure(act, object, errno));
    this.errno = errno;
  }
}

/** `cannot read "/etc/x": permission denied (EACCES)`: the sentence every failed call is told in. */
export function failure(act: string, object: string, errno: number): string {
  return `${act} "${printable(object)}": ${errorWords(errno)}`;
}
