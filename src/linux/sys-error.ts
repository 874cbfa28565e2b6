import { printable } from "../core/printable.ts";
import { errorWords } from "./errno.ts";

/** An expected failure, not a bug: one sentence for the user, no stack. */
export class Failure extends Error {}

/** A failed call that the caller cannot handle: the act, the object and the reason. */
export class SysError extends Failure {
  readonly errno: number;

  /**
   * @param act the act in words: `cannot read`
   * @param object mostly a path
   */
  constructor(act: string, object: string, errno: number) {
    super(failure(act, object, errno));
    this.errno = errno;
  }
}

/** The message of every failed call: `cannot read "/etc/x": permission denied (EACCES)`. */
export function failure(act: string, object: string, errno: number): string {
  return `${act} "${printable(object)}": ${errorWords(errno)}`;
}
