/**
 * The port to the kernel: every system call that the programs make, and nothing else.
 *
 * Three rules hold for every method:
 * - Text is bytes. Each character of a string is one byte, U+0000 to U+00FF ("byte string",
 *   docs/adr/0003-byte-strings.md); so nothing is lost, and string order is byte order.
 * - Success is a plain value; failure is a negated errno. A method that may give a string gives a
 *   number only when it failed. A string with a NUL byte where C cannot take one is `-EINVAL`.
 * - Nothing is retried, translated or logged. The directory `src/linux` makes sense of the answers.
 *
 * `native/linux.c` has one table with the same names; `test/tidy.test.ts` compares them.
 */
export interface Linux {
  // -- children ---------------------------------------------------------------------------------

  /**
   * Starts a program in a child process, with default signal handlers and no signal blocked. Does not wait for execve:
   * a child that is stopped before it, or a slow file system, must not stop the caller (docs/adr/0016-start.md).
   *
   * @param file a path; PATH is not searched
   * @param argv the words, the program's name first
   * @param env `NAME=value` strings
   * @param options what the child sets up before execve, by the bits of {@link SPAWN}
   * @param terminal with `SPAWN.foreground`: descriptor of the terminal handed to the child's group
   * @param stdout descriptor above 2 that becomes the child's standard output; -1: it has ours
   * @param stderr the same for standard error
   * @returns the child's pid, or the negated errno of clone; if execve fails, the child exits with 126
   * @see clone(2), execve(2), setsid(2), setpgid(2), tcsetpgrp(3)
   */
  spawn(
    file: string,
    argv: readonly string[],
    env: readonly string[],
    options: number,
    terminal: number,
    stdout: number,
    stderr: number,
  ): number;

  /** Asked once for each child of {@link spawn} that was reaped. @returns the errno (above zero) of its execve; 0: it did not fail */
  startError(pid: number): number;

  /** Replaces this process, with default signal handlers and no signal blocked. Answers only failure. @see execve(2) */
  exec(file: string, argv: readonly string[], env: readonly string[]): number;

  /**
   * Reaps one child that has ended, or tells of one that was stopped, without waiting.
   *
   * @returns pid and raw status word; 0: children live on, none has ended; `-ECHILD`: no children
   * @see waitpid(2) with -1, WNOHANG and WUNTRACED
   */
  waitAny(): readonly [pid: number, status: number] | number;

  /** @param pid as kill(2) has it: -1 is everyone but this process and PID 1 @see kill(2) */
  kill(pid: number, signal: number): number;

  /** Sends a signal with a number of 32 bits. @see sigqueue(3) */
  queueSignal(pid: number, signal: number, value: number): number;

  /** @returns a descriptor that {@link poll} finds ready once the process has ended @see pidfd_open(2) */
  pidfdOpen(pid: number): number;

  /** @see pidfd_send_signal(2) */
  pidfdKill(pidfd: number, signal: number): number;

  /** Orphaned descendants become this process's children instead of PID 1's. @see PR_SET_CHILD_SUBREAPER(2const) */
  becomeSubreaper(): number;

  /** @see getpid(2) */
  getPid(): number;

  /**
   * @param pid 0: this process
   * @param resource as the kernel counts, 0 to 15
   * @returns both limits; -1: unlimited
   * @see prlimit(2)
   */
  getLimit(pid: number, resource: number): readonly [soft: number, hard: number] | number;

  /** Sets both limits of this process; -1: unlimited. @see setrlimit(2) */
  setLimit(resource: number, soft: number, hard: number): number;

  // -- signals, clock -----------------------------------------------------------------------------

  /**
   * Takes one pending signal out of the set that `native/main.c` blocks, without waiting.
   *
   * @returns its number, the pid of its sender (0: the kernel or another PID namespace), the number that was
   *   sent with it by sigqueue(3), 0 where it was sent otherwise, and its si_code, above zero where the kernel sent it;
   *   or `-EAGAIN`
   * @see sigtimedwait(2), sigaction(2)
   */
  takeSignal(): readonly [signal: number, senderPid: number, value: number, code: number] | number;

  /**
   * Waits until a signal is pending, a descriptor is ready or the time is up.
   *
   * @param reads descriptors to wait for input on (a pidfd: for its end)
   * @param writes descriptors to wait for room on
   * @param timeoutMs whole milliseconds; 0 looks, a negative number waits without end
   * @returns the ready descriptors, without the signals: ask {@link takeSignal}; or `-EINTR`. Without a descriptor left to
   *   see signals by, it answers after 10 ms at most
   * @see poll(2), signalfd(2)
   */
  poll(reads: readonly number[], writes: readonly number[], timeoutMs: number): readonly number[] | number;

  /** Milliseconds, with a fraction, since an unspecified start. @see clock_gettime(2), CLOCK_MONOTONIC */
  monotonicMs(): number;

  /** Milliseconds, with a fraction, since 1970. @see clock_gettime(2), CLOCK_REALTIME */
  realtimeMs(): number;

  // -- identity -----------------------------------------------------------------------------------

  /** @see geteuid(2) */
  getEuid(): number;
  /** @see setgroups(2) */
  setGroups(gids: readonly number[]): number;
  /** Real, effective and saved. @see setresgid(2) */
  setGid(gid: number): number;
  /** Real, effective and saved. @see setresuid(2) */
  setUid(uid: number): number;

  // -- files --------------------------------------------------------------------------------------

  /**
   * Reads a whole regular file. A directory is `-EISDIR`, anything else (a FIFO, a device) `-EINVAL`.
   *
   * @param isCut what has more than `maxBytes` is cut there; else it is `-EFBIG`
   * @see open(2) with O_NONBLOCK, fstat(2), read(2)
   */
  readFile(path: string, maxBytes: number, isCut: boolean): string | number;

  /**
   * Writes a file whole; no half of it is left under `path` when that fails and `isNew`.
   *
   * @param isNew true: the file must not exist (O_EXCL, 0600); false: it must, and is truncated
   * @see open(2), write(2)
   */
  writeFile(path: string, bytes: string, isNew: boolean): number;

  /** Names in a directory, without `.` and `..`, unsorted. @see getdents64(2) */
  listDir(path: string): readonly string[] | number;

  /** Follows links. @returns what stat(2) tells, or a negated errno */
  stat(path: string): Stat | number;
  /** Of a link what it is itself. @returns what lstat(2) tells, or a negated errno */
  lstat(path: string): Stat | number;

  /** @param mode 4 read, 2 write, 1 execute, added up; for the effective user @see faccessat(2), AT_EACCESS */
  access(path: string, mode: number): number;
  /** @see chmod(2) */
  chmod(path: string, mode: number): number;
  /** Sets when it was last changed. @param seconds since 1970 @see utimensat(2) */
  setModified(path: string, seconds: number): number;
  /** @see chown(2) */
  chown(path: string, uid: number, gid: number): number;
  /** @see rename(2) */
  rename(from: string, to: string): number;
  /** Makes each the other, at once for all who look. @see renameat2(2), RENAME_EXCHANGE */
  exchange(one: string, other: string): number;
  /** @see unlink(2) */
  unlink(path: string): number;
  /** @see mkdir(2) */
  mkdir(path: string, mode: number): number;
  /** @see rmdir(2) */
  rmdir(path: string): number;
  /** @param target what the link leads to, whether or not it is there @see symlink(2) */
  symlink(target: string, path: string): number;
  /** The one path without links, `.` and `..` that `path` leads to, which must be there. @see realpath(3) */
  realPath(path: string): string | number;
  /** Waits until a file's content is on the disk. @see open(2), fsync(2) */
  sync(path: string): number;
  /**
   * Takes the lock on a whole file that may be written, without waiting.
   *
   * @returns a descriptor, which holds the lock until it is closed; `-EAGAIN`: another process has it
   * @see open(2), F_SETLK(2const)
   */
  lock(path: string): number;
  /**
   * Takes the lock on a directory, which need not be writable, without waiting.
   *
   * @returns a descriptor, close-on-exec, which holds the lock until it is closed; `-EAGAIN`: it is taken
   * @see open(2) with O_DIRECTORY, flock(2) with LOCK_EX and LOCK_NB
   */
  lockDirectory(path: string): number;

  /** Makes a file without a path, which lives as long as its descriptor. @returns the descriptor, close-on-exec @see memfd_create(2) */
  memoryFile(name: string): number;

  /** A descriptor that {@link poll} finds ready when a watched directory changes. @see inotify_init1(2) */
  inotifyOpen(): number;
  /** Watches a directory for names that come or go in it, by whatever means. @returns the watch's number @see inotify_add_watch(2) */
  inotifyAdd(fd: number, directory: string): number;
  /** Ends a watch. @see inotify_rm_watch(2) */
  inotifyRemove(fd: number, watch: number): number;
  /** Takes what has happened, without waiting. @returns the watch's number for each event, or `-EAGAIN` @see inotify(7) */
  inotifyRead(fd: number): readonly number[] | number;

  // -- descriptors --------------------------------------------------------------------------------

  /** @returns how many bytes were taken @see write(2) */
  write(fd: number, bytes: string): number;
  /**
   * Opens what is there for writing at its end, without ever waiting, close-on-exec.
   *
   * @see open(2) with O_NONBLOCK, O_APPEND and O_NOCTTY
   */
  openToAppend(path: string): number;
  /** Opens what is there for writing, close-on-exec; its writes wait for room. @see open(2) with O_WRONLY and O_NOCTTY */
  openToWrite(path: string): number;
  /** Opens what is there for reading, without ever waiting, close-on-exec. @see open(2) with O_NONBLOCK and O_NOCTTY, fifo(7) */
  openToRead(path: string): number;
  /**
   * Opens a FIFO for reading and writing, close-on-exec: needs no other end, and its writes wait for room.
   *
   * @see open(2) with O_RDWR and O_NOCTTY, fifo(7)
   */
  openToShare(path: string): number;
  /** @see mkfifo(3) */
  makeFifo(path: string, mode: number): number;
  /** @returns at most `maxBytes`; `""`: the end, a FIFO without a writer too @see read(2) */
  read(fd: number, maxBytes: number): string | number;
  /** @returns how many bytes of a pipe nobody has read, also for its end that is written to @see FIONREAD in pipe(7) */
  unread(fd: number): number;
  /** Makes `to` lead where `from` leads, and stay open over exec. @returns `to` @see dup2(2) */
  duplicate(from: number, to: number): number;
  /** @see close(2) */
  close(fd: number): number;
  /** @see isatty(3) */
  isTerminal(fd: number): boolean;
  /** @returns the terminal's foreground process group @see tcgetpgrp(3) */
  getForeground(fd: number): number;
  /** @see tcsetpgrp(3) */
  setForeground(fd: number, group: number): number;
  /** @see getpgrp(2) */
  getGroup(): number;

  // -- text: no call, but what takes the engine twenty times as long ------------------------------

  /**
   * Each line of `lines` with `before` and `after` around it, its newline left out; the last line may lack it.
   *
   * @param isQuoted as a JSON string: what is no UTF-8 becomes U+FFFD, as the Encoding Standard has it
   * @see RFC 8259 section 7
   */
  frameLines(lines: string, before: string, after: string, isQuoted: boolean): string;

  // -- the process --------------------------------------------------------------------------------

  /** The words this process was started with. */
  readonly argv: readonly string[];
  /** The `NAME=value` strings this process was started with. */
  readonly environ: readonly string[];
}

/** The mode is that with the file's type, the time in seconds since 1970. @see stat(2) */
export type Stat = readonly [mode: number, uid: number, gid: number, size: number, inode: number, modified: number];

/** Bits of {@link Linux.spawn}'s `options`. */
export const SPAWN = {
  /** A session of its own, without a terminal. */
  session: 1,
  /** A process group of its own. */
  group: 2,
  /** Its group (implies `group`) becomes the terminal's foreground group. */
  foreground: 4,
  /** Standard input is /dev/null. */
  noInput: 8,
} as const;
