import { SIGNAL } from "../../core/signals.ts";

const ENDING: readonly number[] = [SIGNAL.SIGHUP, SIGNAL.SIGINT, SIGNAL.SIGQUIT, SIGNAL.SIGTERM];

/** Whether the signal asks a program to end. */
export function isEnding(signal: number): boolean {
  return ENDING.includes(signal);
}
