import { wholeNumber } from "./args.ts";

/** Numbers of signals, the same on x86-64 and arm64. @see signal(7) */
export const SIGNAL = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
} as const;

const ENDING: readonly number[] = [SIGNAL.SIGHUP, SIGNAL.SIGINT, SIGNAL.SIGQUIT, SIGNAL.SIGTERM];

/** Whether the signal asks a program that is no service to end: a terminal's keys or hangup, or kill(1). */
export function isEnding(signal: number): boolean {
  return ENDING.includes(signal);
}

const MAX_SIGNAL = 64;

/** The first real-time signal for programs on glibc, and systemd's "halt", SIGRTMIN+3. */
const SIGRTMIN = 34;
export const SIGRTMIN_PLUS_3 = SIGRTMIN + 3;

/** `SIGTERM` for 15, `SIGRTMIN+3` for 37, `signal 99` for a number without a name. */
export function signalName(signal: number): string {
  for (const [name, number] of Object.entries(SIGNAL)) if (number === signal) return name;
  if (signal === SIGRTMIN) return "SIGRTMIN";
  return signal > SIGRTMIN && signal <= MAX_SIGNAL ? `SIGRTMIN+${signal - SIGRTMIN}` : `signal ${signal}`;
}

/** The signal that a user calls `QUIT`, `SIGQUIT`, `RTMIN+3`, or by its number; undefined: there is none. */
export function signalNumber(word: string): number | undefined {
  const name = word.startsWith("SIG") ? word : `SIG${word}`;
  const number = wholeNumber(word);
  for (let signal = 1; signal <= MAX_SIGNAL; signal++) {
    if (number === signal || signalName(signal) === name) return signal;
  }
  return undefined;
}
