/**
 * The port to the kernel: every system call that the programs make, and nothing else.
 *
 * Three rules hold for every method:
 * - Text is bytes. Each character of a string is one byte, U+0000 to U+00FF ("byte string",
 *   docs/adr/0003-byte-strings.md), so string order is byte order.
 * - Success is a plain value; failure is a negated errno. A method that returns a string returns a
 *   number only on failure. A string with a NUL byte where C cannot take one is `-EINVAL`.
 * - Nothing is retried, translated or logged. The other files of `src/linux` interpret the answers.
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
   * @param options bits of {@link SPAWN}: what the child sets up before execve
   * @param terminal with `SPAWN.foreground`: descriptor of the terminal handed to the child's group
   * @param stdout descriptor above 2 for the child's standard output; -1: ours
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

  /** Call once for each reaped child of {@link spawn}. @returns the errno (above zero) of its execve; 0: no failure */
  startError(pid: number): number;

  /** Replaces this process, with default signal handlers and no signal blocked. Returns only errors. @see execve(2) */
  exec(file: string, argv: readonly string[], env: readonly string[]): number;

  /**
   * Reaps one child that has ended, or reports one that was stopped, without waiting.
   *
   * @returns pid and raw status word; 0: there are children, none has ended; `-ECHILD`: no children
   * @see waitpid(2) with -1, WNOHANG and WUNTRACED
   */
  waitAny(): readonly [pid: number, status: number] | number;

  /** @param pid as for kill(2); -1: all processes except this one and PID 1 @see kill(2) */
  kill(pid: number, signal: number): number;

  /** Sends a signal with a 32-bit number. @see sigqueue(3) */
  queueSignal(pid: number, signal: number, value: number): number;

  /** @returns a descriptor that {@link poll} reports as ready once the process has ended @see pidfd_open(2) */
  pidfdOpen(pid: number): number;

  /** @see pidfd_send_signal(2) */
  pidfdKill(pidfd: number, signal: number): number;

  /** Orphaned descendants become this process's children instead of PID 1's. @see PR_SET_CHILD_SUBREAPER(2const) */
  becomeSubreaper(): number;

  /** @see getpid(2) */
  getPid(): number;

  /**
   * @param pid 0: this process
   * @param resource the kernel's number, 0 to 15
   * @returns both limits; -1: unlimited
   * @see prlimit(2)
   */
  getLimit(pid: number, resource: number): readonly [soft: number, hard: number] | number;

  /** Sets both limits of this process; -1: unlimited. @see setrlimit(2) */
  setLimit(resource: number, soft: number, hard: number): number;

  // -- signals, clock -----------------------------------------------------------------------------

  /**
   * Takes one pending signal of the set that `native/main.c` blocks, without waiting.
   *
   * @returns its number; the pid of its sender (0: the kernel or another PID namespace); the number that
   *   sigqueue(3) sent with it, otherwise 0; and its si_code, above zero if the kernel sent it. Or `-EAGAIN`
   * @see sigtimedwait(2), sigaction(2)
   */
  takeSignal(): readonly [signal: number, senderPid: number, value: number, code: number] | number;

  /**
   * Waits until a signal is pending, a descriptor is ready or `timeoutMs` has passed.
   *
   * @param reads descriptors to wait for input on (a pidfd: for the end of its process)
   * @param writes descriptors to wait for room on
   * @param timeoutMs whole milliseconds; 0: does not wait; negative: waits without limit
   * @returns the ready descriptors, or `-EINTR`; for signals call {@link takeSignal}. Without a free descriptor for the
   *   signalfd, it returns after 10 ms at most
   * @see poll(2), signalfd(2)
   */
  poll(reads: readonly number[], writes: readonly number[], timeoutMs: number): readonly number[] | number;

  /** Waits for `ms` milliseconds. Signals do not end it. @see poll(2) */
  sleep(ms: number): number;

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
   * @param isCut true: a larger file is cut at `maxBytes`; false: it is `-EFBIG`
   * @see open(2) with O_NONBLOCK, fstat(2), read(2)
   */
  readFile(path: string, maxBytes: number, isCut: boolean): string | number;

  /**
   * Writes a whole file. If that fails and `isNew`, no partial file stays at `path`.
   *
   * @param isNew true: the file must not exist (O_EXCL, 0600); false: it must, and is truncated
   * @see open(2), write(2)
   */
  writeFile(path: string, bytes: string, isNew: boolean): number;

  /** Names in a directory, without `.` and `..`, unsorted. @see getdents64(2) */
  listDir(path: string): readonly string[] | number;

  /** Follows links. @see stat(2) */
  stat(path: string): Stat | number;
  /** Does not follow a link at `path`. @see lstat(2) */
  lstat(path: string): Stat | number;

  /** For the effective user. @param mode the sum of 4 (read), 2 (write), 1 (execute) @see faccessat(2), AT_EACCESS */
  access(path: string, mode: number): number;
  /** @see chmod(2) */
  chmod(path: string, mode: number): number;
  /** Sets the time of the last change. @param seconds since 1970 @see utimensat(2) */
  setModified(path: string, seconds: number): number;
  /** @see chown(2) */
  chown(path: string, uid: number, gid: number): number;
  /** @see rename(2) */
  rename(from: string, to: string): number;
  /** Exchanges two files atomically. @see renameat2(2), RENAME_EXCHANGE */
  exchange(one: string, other: string): number;
  /** @see unlink(2) */
  unlink(path: string): number;
  /** @see mkdir(2) */
  mkdir(path: string, mode: number): number;
  /** @see rmdir(2) */
  rmdir(path: string): number;
  /** @param target need not exist @see symlink(2) */
  symlink(target: string, path: string): number;
  /** Resolves links, `.` and `..`. `path` must exist. @see realpath(3) */
  realPath(path: string): string | number;
  /** @returns what a symbolic link contains @see readlink(2) */
  readLink(path: string): string | number;
  /** @see chdir(2) */
  changeDirectory(path: string): number;
  /** Flushes a file's content to the disk. @see open(2), fsync(2) */
  sync(path: string): number;
  /**
   * Locks a whole file, which must be writable, without waiting.
   *
   * @returns a descriptor; closing it releases the lock. `-EAGAIN`: another process has the lock
   * @see open(2), F_SETLK(2const)
   */
  lock(path: string): number;
  /**
   * Locks a directory, which need not be writable, without waiting.
   *
   * @returns a descriptor, close-on-exec; closing it releases the lock. `-EAGAIN`: already locked
   * @see open(2) with O_DIRECTORY, flock(2) with LOCK_EX and LOCK_NB
   */
  lockDirectory(path: string): number;

  /** Makes a file without a path. @returns its descriptor, close-on-exec @see memfd_create(2) */
  memoryFile(name: string): number;

  /** @returns a descriptor that {@link poll} reports as ready when a watched directory changes @see inotify_init1(2) */
  inotifyOpen(): number;
  /** Watches a directory for names that come or go. @returns the watch's number @see inotify_add_watch(2) */
  inotifyAdd(fd: number, directory: string): number;
  /** Ends a watch. @see inotify_rm_watch(2) */
  inotifyRemove(fd: number, watch: number): number;
  /** Reads events without waiting. @returns the watch's number for each event, or `-EAGAIN` @see inotify(7) */
  inotifyRead(fd: number): readonly number[] | number;

  // -- descriptors --------------------------------------------------------------------------------

  /** @returns how many bytes were written @see write(2) */
  write(fd: number, bytes: string): number;
  /**
   * Opens an existing file for appending, close-on-exec. Never waits.
   *
   * @see open(2) with O_NONBLOCK, O_APPEND and O_NOCTTY
   */
  openToAppend(path: string): number;
  /** Opens an existing file for writing, close-on-exec; writes may wait. @see open(2) with O_WRONLY and O_NOCTTY */
  openToWrite(path: string): number;
  /** Opens a file for reading, close-on-exec. Never waits. @see open(2) with O_NONBLOCK and O_NOCTTY, fifo(7) */
  openToRead(path: string): number;
  /**
   * Opens a FIFO for reading and writing, close-on-exec: needs no other end; writes wait for room.
   *
   * @see open(2) with O_RDWR and O_NOCTTY, fifo(7)
   */
  openToShare(path: string): number;
  /** @see mkfifo(3) */
  makeFifo(path: string, mode: number): number;
  /** @returns at most `maxBytes`; `""`: the end, or a FIFO without a writer @see read(2) */
  read(fd: number, maxBytes: number): string | number;
  /** @returns how many bytes in a pipe are unread; works on both ends @see FIONREAD in pipe(7) */
  unread(fd: number): number;
  /** Makes `to` a copy of `from` that stays open over exec. @returns `to` @see dup2(2) */
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
  /** @returns the mode for {@link setTerminalMode} @see tcgetattr(3) */
  getTerminalMode(fd: number): string | number;
  /** @param isRaw whether keys are passed on unchanged @see tcsetattr(3), cfmakeraw(3) */
  setTerminalMode(fd: number, mode: string, isRaw: boolean): number;
  /** @see TIOCGWINSZ(2const) */
  getWindowSize(fd: number): readonly [rows: number, columns: number] | number;

  // -- text: no system call; QuickJS would take twenty times as long ------------------------------

  /**
   * Puts `before` and `after` around each line of `lines` and drops its newline, which the last line may lack.
   *
   * @param isQuoted each line becomes a JSON string; bytes that are not UTF-8 become U+FFFD as in the Encoding Standard
   * @see RFC 8259 section 7
   */
  frameLines(lines: string, before: string, after: string, isQuoted: boolean): string;

  // -- the process --------------------------------------------------------------------------------

  /** The words this process was started with. */
  readonly argv: readonly string[];
  /** The path by which this process's program was executed. @see getauxval(3), AT_EXECFN */
  readonly programPath: string;
  /** The `NAME=value` strings this process was started with. */
  readonly environ: readonly string[];
}

/** The mode includes the file's type; the time is in seconds since 1970. @see stat(2) */
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
