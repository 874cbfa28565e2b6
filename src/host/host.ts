// Tested by test/tidy.test.ts.
import type { Linux } from "../linux/linux.ts";

/**
 * The port of the programs for the host: the calls that only they need, by the rules of {@link Linux}.
 *
 * `native/host.c` has one table with the same names; `test/tidy.test.ts` compares them.
 */
export interface Host extends Linux {
  // -- processes ----------------------------------------------------------------------------------

  /** @returns the child's pid; in the child 0 @see fork(2) */
  fork(): number;
  /** Ends this process immediately. @see _exit(2) */
  exit(status: number): never;
  /** Replaces this process and keeps its blocked and ignored signals. Returns only errors. @see execve(2) */
  execWithSignals(file: string, argv: readonly string[], env: readonly string[]): number;
  /** Begins a session, without a terminal, and a process group. @see setsid(2) */
  newSession(): number;
  /** Joins a namespace; a PID namespace is for the children. @param fd of a file /proc/PID/ns/NAME @see setns(2) */
  setNamespace(fd: number): number;
  /** @param option one of {@link CONTROL} @see prctl(2) */
  control(option: number, argument: number): number;
  /** @param request one of {@link TRACE} @param data for some requests: a signal @see ptrace(2) */
  trace(request: number, pid: number, data: number): number;
  /**
   * Reads a filter of system calls of a traced, stopped process.
   *
   * @param index 0: the oldest filter
   * @returns its instructions; `-ENOENT`: no such index @see PTRACE_SECCOMP_GET_FILTER in ptrace(2)
   */
  getFilter(pid: number, index: number): string | number;
  /** Adds a filter to this process, for good. @see seccomp(2) */
  addFilter(instructions: string): number;
  /** Sets effective and permitted to the same set. Each set is two 32-bit numbers. @see capset(2) */
  setCapabilities(low: number, high: number, inheritableLow: number, inheritableHigh: number): number;
  /** @returns the previous mask @see umask(2) */
  setUmask(mask: number): number;

  // -- descriptors --------------------------------------------------------------------------------

  /**
   * @param directory descriptor of the directory where a relative path begins; {@link HERE}: the working directory
   * @param flags bits of {@link OPEN}
   * @returns a descriptor, close-on-exec
   * @see openat(2) with O_NONBLOCK and O_NOCTTY
   */
  open(directory: number, path: string, flags: number): number;
  /** Copies from the current offset of `from`. @returns how many bytes @see sendfile(2) */
  sendFile(from: number, to: number, maxBytes: number): number;
  /** @returns two descriptors, close-on-exec @see pipe2(2) */
  pipe(): readonly [readEnd: number, writeEnd: number] | number;
  /** @returns two connected descriptors, close-on-exec, which never wait @see socketpair(2), unix(7) */
  socketPair(): readonly [one: number, other: number] | number;
  /** Sends one byte that carries a descriptor. @see SCM_RIGHTS in unix(7) */
  sendDescriptor(socket: number, fd: number): number;
  /** @returns the received descriptor, close-on-exec; `-ENODATA`: a byte without one, or the end @see unix(7) */
  receiveDescriptor(socket: number): number;

  // -- terminals ----------------------------------------------------------------------------------

  /** Unlocks the other side of a new terminal. @param fd of /dev/pts/ptmx @see TIOCSPTLCK(2const) */
  unlockTerminal(fd: number): number;
  /** Opens the side of a terminal for programs. @param fd of /dev/pts/ptmx @see TIOCGPTPEER(2const) */
  openOtherSide(fd: number): number;
  /** Makes a terminal this session's controlling terminal. @see TIOCSCTTY(2const) */
  takeTerminal(fd: number): number;
  /** Programs at the terminal get SIGWINCH. @see TIOCSWINSZ(2const) */
  setWindowSize(fd: number, rows: number, columns: number): number;
}

/** Bits of {@link Host.open}'s `flags`. */
export const OPEN = { read: 0, write: 1, readWrite: 2 } as const;

/** For {@link Host.open}: the working directory. @see AT_FDCWD in openat(2) */
export const HERE = -100;

/** Options of {@link Host.control}. @see prctl(2) */
export const CONTROL = {
  setDumpable: 4,
  readBoundingSet: 23,
  dropFromBoundingSet: 24,
  setNoNewPrivileges: 38,
} as const;

/** Requests of {@link Host.trace}. @see ptrace(2) */
export const TRACE = { detach: 17, seize: 0x4206, interrupt: 0x4207 } as const;
