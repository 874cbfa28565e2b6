import { SIGRTMIN_PLUS_3 } from "../core/signals.ts";
import { ERRNO, errorWords } from "../linux/errno.ts";
import type { Linux } from "../linux/linux.ts";
import { Failure } from "../linux/sys-error.ts";
import { findInit } from "./own-init.ts";

/** The upper half of a value that asks for an exit status: no other sender uses it by chance. */
const MARK = 0x62_69;

/** The value to send with SIGRTMIN+3 to end the container with `status`, 0 to 255. @see sigqueue(3) */
export function exitRequest(status: number): number {
  return (MARK << 16) | status;
}

/** The status that a value sent with SIGRTMIN+3 asks for; undefined if it asks for none. */
export function requestedStatus(value: number): number | undefined {
  return value >> 8 === MARK << 8 ? value & 0xff : undefined;
}

/** Asks my_init for a shutdown, after which the container exits with `status`. @throws Failure */
export function askForExit(linux: Linux, status: number): void {
  const init = findInit(linux);
  const errno = -linux.queueSignal(init, SIGRTMIN_PLUS_3, exitRequest(status));
  if (errno === 0) return;
  const hint = errno === ERRNO.EPERM ? "; only root and the user it runs as may ask" : "";
  throw new Failure(`cannot ask my_init (PID ${init}) to stop: ${errorWords(errno)}${hint}`);
}
