// A kernel for tests: processes, signals and files in memory, and a clock that moves only while my_init
// waits. It imports nothing of Node, so that the tests that use it run on QuickJS too.
import { jsonString } from "../../src/container/env-export.ts";
import type { Linux, Stat } from "../../src/linux/linux.ts";

/** What a fake process does, from its start. */
export type FakeProgram = (self: FakeProcess) => void;

export interface FakeOptions {
  readonly argv?: readonly string[];
  /** Otherwise it is the first word. */
  readonly programPath?: string;
  readonly environ?: readonly string[];
  /** 1, or any other for a my_init that is not the first process of its namespace. */
  readonly pid?: number;
  readonly euid?: number;
  /** How long each call takes: events that are due by then happen before the call. */
  readonly callMs?: () => number;
  /** How long a signal takes to reach a process that is not us. */
  readonly latencyMs?: () => number;
  /** The errno with which a call fails; 0: it works. */
  readonly fault?: (call: string, object: string) => number;
  /** Pids wrap around: after this number comes the lowest free one. */
  readonly pidMax?: number;
  /** A pid that became free is the next to be used. */
  readonly reusesPids?: boolean;
  /** More calls than this are taken for a loop without end. */
  readonly maxCalls?: number;
}

/** Thrown by a wait that nothing can end. */
export class Stuck extends Error {}

/** Thrown by {@link FakeLinux.exec} where the real call does not come back. */
export class Replaced extends Error {
  readonly file: string;
  readonly words: readonly string[];
  readonly env: readonly string[];

  constructor(file: string, words: readonly string[], env: readonly string[]) {
    super(`exec ${file}`);
    this.file = file;
    this.words = words;
    this.env = env;
  }
}

// Numbers of our own, so that a wrong one in the shipped tables shows.
const EPERM = 1;
const ENOENT = 2;
const ESRCH = 3;
const ENXIO = 6;
const ENOEXEC = 8;
const EBADF = 9;
const ECHILD = 10;
const EAGAIN = 11;
const EACCES = 13;
const EEXIST = 17;
const ENOTDIR = 20;
const EISDIR = 21;
const EINVAL = 22;
const ENOTTY = 25;
const EFBIG = 27;
const EPIPE = 32;
const ENOTEMPTY = 39;

const SIGKILL = 9;
const SIGPIPE = 13;
const SIGCHLD = 17;
const SIGCONT = 18;
const SIGSTOP = 19;
const SIGRTMIN = 34;
const STOPPING = [SIGSTOP, 20, 21, 22];
const IGNORED_BY_DEFAULT = [SIGCHLD, SIGCONT, 23, 28];

const SESSION = 1;
const GROUP = 2;
const FOREGROUND = 4;

const DIRECTORY = 0o040000;
const REGULAR = 0o100000;
const SOCKET = 0o140000;
const CHARACTER_DEVICE = 0o020000;
const LINK = 0o120000;
const FIFO = 0o010000;

/** What a pipe holds. */
const PIPE_BYTES = 65_536;

/** A pipe takes at least this much where poll(2) says that it is ready. */
const PIPE_BUF = 4096;

/** Waits of more than eleven days are waits without end. */
const FOREVER_MS = 1e9;

interface FakeFile {
  mode: number; // with the type
  uid: number;
  gid: number;
  content: string;
  /** In seconds since 1970. */
  modified?: number;
  readonly inode: number;
  readonly program?: FakeProgram;
}

/** Attributes of a file that a test adds. */
export interface FileOptions {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Seconds since 1970. */
  readonly modified?: number;
}

/** The terminal of the program under test. */
export interface FakeTerminal {
  foreground: number;
  /** Its mode: "raw", or any other text. */
  mode?: string;
  rows?: number;
  columns?: number;
  /** What was typed and not read yet. */
  typed?: string;
}

/** One end of a pipe or file that is written to. */
export class FakeSink {
  /** All that was written. */
  text = "";
  /** The free room in a pipe. */
  room = Number.POSITIVE_INFINITY;
  isClosed = false;
  /** Whether a write had to wait for the reader without end. */
  hasBlocked = false;
}

/** A FIFO: what was written to it and not read yet. */
export class FakeFifo extends FakeSink {
  /** How many have it open to write. */
  writers = 0;
  /** Whether another process has it open to read. */
  hasReader = false;
  /** How often it was opened to write. */
  openCount = 0;
  /** Called when the last writer is gone: the reader wakes up. */
  onLastWriter: () => void = () => {};

  addWriter(): void {
    this.writers++;
    this.openCount++;
  }

  /** Gives what was written. */
  take(maxBytes = this.text.length): string {
    const taken = this.text.slice(0, maxBytes);
    this.text = this.text.slice(maxBytes);
    this.room += taken.length;
    return taken;
  }
}

/** A call to kill(2) or pidfd_send_signal(2) by the program under test, for each process that it reached. */
export interface SentSignal {
  readonly target: FakeProcess;
  readonly signal: number;
  readonly atMs: number;
}

/** A process of the fake kernel. Its program is a function that asks to be called again. */
export class FakeProcess {
  readonly pid: number;
  startTime: number;
  readonly startedMs: number;
  readonly linux: FakeLinux;
  /** Whether it is the program under test or was started by one of its descendants. */
  readonly isOurs: boolean;
  parent: FakeProcess | undefined;
  readonly children = new Set<FakeProcess>();
  name = "";
  file = "";
  argv: readonly string[] = [];
  environ: readonly string[] = [];
  /** Real, effective and saved user id. */
  uid: number;
  /** The FIFOs it prints to, where it has any. */
  stdout: string | undefined;
  stderr: string | undefined;
  group = 0;
  session = 0;
  hasTerminal = false;
  isSubreaper = false;
  /** Whether it fetches the status of its children immediately. */
  reaps = true;
  /** How long SIGKILL takes: a process in the middle of a broken device or network file system. */
  killDelayMs = 0;
  /** Signals that are on their way to it: it sees them before their effects elsewhere. */
  readonly pending: number[] = [];
  /** SIGKILL is under way: from then on it does nothing of its own. */
  isDoomed = false;
  state: "running" | "stopped" | "zombie" | "gone" = "running";
  /** The status as waitpid(2) returns it. */
  status = 0;
  endedMs = Number.POSITIVE_INFINITY;
  /** Called when it ends, for whatever reason: for effects on other processes, such as the end of a pipe. */
  onEnd: () => void = () => {};
  /** Called when a child has ended. */
  onChildEnd: (child: FakeProcess) => void = () => {};
  /** Files below /proc/PID/, by the rest of the path. */
  readonly files = new Map<string, string>();
  /** Descriptors that are sockets. */
  sockets = 0;
  residentPages = 0;
  /** It computes: until it is false again it never sleeps. */
  isBusy = false;
  /** How often it went to sleep. */
  wakeUps = 0;
  readonly #handlers = new Map<number, () => void>();
  readonly #ignored = new Set<number>();
  #deferred: (() => void)[] = [];

  constructor(linux: FakeLinux, pid: number, startTime: number, parent: FakeProcess | undefined, isOurs: boolean) {
    this.linux = linux;
    this.uid = linux.euid;
    this.pid = pid;
    this.startTime = startTime;
    this.startedMs = linux.nowMs;
    this.parent = parent;
    this.isOurs = isOurs;
    this.group = parent?.group ?? pid;
    this.session = parent?.session ?? pid;
    parent?.children.add(this);
  }

  get isAlive(): boolean {
    return this.state === "running" || this.state === "stopped";
  }

  /** The signals that it has handlers for. */
  get handled(): ReadonlySet<number> {
    return new Set(this.#handlers.keys());
  }

  /** The signals it asked the kernel to drop. */
  get ignored(): ReadonlySet<number> {
    return this.#ignored;
  }

  /** Does `act` later, if it lives; while it is stopped, nothing happens in it. */
  after(ms: number, act: () => void): void {
    this.linux.after(ms, () => this.#run(act));
  }

  on(signal: number, act: () => void): void {
    this.#handlers.set(signal, act);
  }

  ignore(signal: number): void {
    this.#ignored.add(signal);
  }

  exit(code: number): void {
    this.linux.endProcess(this, code << 8);
  }

  /** Starts a child that runs `program`. */
  spawn(program: FakeProgram, words: readonly string[], options: { session?: boolean } = {}): FakeProcess {
    const child = this.linux.newProcess(this, program, words);
    if (options.session) {
      child.session = child.group = child.pid;
      child.hasTerminal = false;
    }
    return child;
  }

  /** Renames a file with this content to `path`, below its /proc/PID/. */
  publish(path: string, content: string): void {
    this.files.set(path, content);
    this.linux.tellWatchers(directoryOf(`/proc/${this.pid}/${path}`));
  }

  /** Becomes another program, as by execve(2): handlers are gone, ignored signals stay ignored. */
  become(program: FakeProgram, words: readonly string[], file = words[0] ?? ""): void {
    this.#handlers.clear();
    this.argv = words;
    this.file = file;
    this.name = (this.file.split("/").at(-1) ?? "").slice(0, 15);
    program(this);
  }

  /** What the kernel does when `signal` reaches it. */
  receive(signal: number): void {
    if (!this.isAlive) return;
    if (signal === SIGKILL) {
      if (this.killDelayMs === 0) this.linux.endProcess(this, signal);
      else this.linux.after(this.killDelayMs, () => this.linux.endProcess(this, signal));
      return;
    }
    if (signal === SIGCONT && this.state === "stopped") {
      this.state = "running";
      this.linux.tellParent(this);
      const deferred = this.#deferred;
      this.#deferred = [];
      for (const act of deferred) this.#run(act);
    }
    const handler = this.#handlers.get(signal);
    if (this.#ignored.has(signal) && handler === undefined) return;
    if (signal !== SIGSTOP && handler !== undefined) this.#run(handler);
    else if (STOPPING.includes(signal)) this.stop();
    else if (!IGNORED_BY_DEFAULT.includes(signal)) this.#run(() => this.linux.endProcess(this, signal));
  }

  stop(): void {
    this.state = "stopped";
    this.linux.tellParent(this);
  }

  #run(act: () => void): void {
    if (this.isDoomed) return;
    if (this.state === "stopped") this.#deferred.push(act);
    else if (this.state === "running") act();
  }
}

/** The program of a child whose execve(2) failed. */
const exitsUnstarted: FakeProgram = (self) => self.exit(126);

/** The fake kernel. Its public members that interface Linux does not have are for tests. */
export class FakeLinux implements Linux {
  readonly argv: readonly string[];
  readonly environ: readonly string[];
  readonly stdout = new FakeSink();
  readonly stderr = new FakeSink();
  /** The process of the program under test. */
  readonly self: FakeProcess;
  /** Living processes and zombies by pid. */
  readonly processes = new Map<number, FakeProcess>();
  /** All processes that have ever been. */
  readonly history: FakeProcess[] = [];
  readonly sent: SentSignal[] = [];
  /** Calls of setgroups, setgid and setuid as `setUid 0`, and of chmod and chown. */
  readonly calls: string[] = [];
  readonly files = new Map<string, FakeFile>();
  readonly pidfds = new Map<number, FakeProcess>();
  readonly memoryFiles = new Map<number, FakeSink>();
  /** Of descriptors, soft and hard. */
  descriptorLimit: readonly [soft: number, hard: number] = [1024, 524_288];
  /** What is in each FIFO, by its path. */
  readonly fifos = new Map<string, FakeFifo>();
  /** A reader that opened a FIFO without writers sees the end only of later writers: the `openCount` until then. */
  readonly #fifoFds = new Map<number, { readonly path: string; readonly canWrite: boolean; readonly since: number }>();
  /** Locked files by descriptor. */
  readonly locks = new Map<number, string>();
  /** Signals that have not reached their process yet. */
  readonly #arriving = new Map<FakeProcess, Set<() => void>>();
  readonly inotifies = new Map<
    number,
    { readonly watches: Map<string, number>; events: number[]; lastWatch: number }
  >();
  /** The terminal on descriptors 0 to 2, where there is one: its foreground group. */
  terminal: FakeTerminal | undefined;
  /** The working directory of the program under test. */
  cwd = "/";
  readonly programPath: string;
  euid: number;
  egid = 0;
  callCount = 0;
  readonly #options: FakeOptions;
  readonly #pending: { readonly signal: number; readonly sender: number; readonly value: number }[] = [];
  readonly #events: { readonly atMs: number; readonly act: () => void }[] = [];
  #nowMs = 1000;
  #lastPid: number;
  #lastStart = 0;
  #lastInode = 0;
  #lastFd = 9;
  #hasLinks = false;
  /** Of children whose execve(2) failed, by pid. */
  readonly #startErrors = new Map<number, number>();

  constructor(options: FakeOptions = {}) {
    this.#options = options;
    this.argv = options.argv ?? ["my_init"];
    this.programPath = options.programPath ?? this.argv[0] ?? "";
    this.environ = options.environ ?? [];
    this.euid = options.euid ?? 0;
    const pid = options.pid ?? 1;
    this.#lastPid = pid - 1;
    for (const path of ["", "/proc", "/etc", "/usr", "/usr/bin", "/usr/sbin", "/bin", "/dev"]) this.addDirectory(path);
    let init: FakeProcess | undefined;
    if (pid !== 1) {
      init = new FakeProcess(this, 1, this.#lastStart++, undefined, false);
      init.name = "init";
      init.argv = ["init"];
      this.processes.set(1, init);
      this.history.push(init);
    }
    this.self = this.#addProcess(init, this.argv, true);
  }

  // -- what tests do ------------------------------------------------------------------------------

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Does `act` when the clock is `ms` further. */
  after(ms: number, act: () => void): void {
    const event = { atMs: this.#nowMs + ms, act };
    let at = this.#events.length;
    while (at > 0 && (this.#events[at - 1]?.atMs ?? 0) <= event.atMs) at--;
    this.#events.splice(at, 0, event); // latest first; of two at one moment, the later asked comes first
  }

  /** Sends the program under test a signal: real-time signals queue up, of others one can be pending. */
  signalSelf(signal: number, sender = 0, value = 0): void {
    const isCounted = signal >= SIGRTMIN || !this.#pending.some((pending) => pending.signal === signal);
    if (isCounted) this.#pending.push({ signal, sender, value });
  }

  /** Lets time pass as if the program under test did nothing. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    this.#runEvents(untilMs);
    this.#nowMs = untilMs;
  }

  /** A process that the program under test did not start: of PID 1 elsewhere, or of `docker exec`. */
  addStranger(program: FakeProgram, words: readonly string[]): FakeProcess {
    const parent = this.self.pid === 1 ? undefined : this.processes.get(1);
    const stranger = this.#addProcess(parent, words, false);
    stranger.group = stranger.session = stranger.pid;
    program(stranger);
    return stranger;
  }

  addDirectory(path: string, { mode = 0o755, uid = 0, gid = 0, modified = 0 }: FileOptions = {}): void {
    this.files.set(path, { mode: DIRECTORY | mode, uid, gid, content: "", inode: ++this.#lastInode, modified });
  }

  addFile(path: string, content: string, { mode = 0o644, uid = 0, gid = 0, modified = 0 }: FileOptions = {}): void {
    this.files.set(path, { mode: REGULAR | mode, uid, gid, content, inode: ++this.#lastInode, modified });
  }

  /** A symbolic link; `target` is a whole path. Where a path leads is asked of links only by calls that read. */
  addLink(path: string, target: string): void {
    this.#hasLinks = true;
    this.files.set(path, {
      mode: LINK | 0o777,
      uid: this.euid,
      gid: this.egid,
      content: target,
      inode: ++this.#lastInode,
    });
  }

  /** A file of any type: `mode` with the type's bits. */
  addNode(path: string, mode: number, uid = 0, gid = 0): void {
    this.files.set(path, { mode, uid, gid, content: "", inode: ++this.#lastInode });
  }

  addProgram(path: string, program: FakeProgram, { mode = 0o755 }: FileOptions = {}): void {
    const content = "\x7fELF";
    this.files.set(path, { mode: REGULAR | mode, uid: 0, gid: 0, content, inode: ++this.#lastInode, program });
  }

  /** What a file holds now; fails where there is none. */
  content(path: string): string {
    const file = this.files.get(path);
    if (file === undefined) throw new Error(`no file ${path}`);
    return file.content;
  }

  /** All living processes that the program under test has started. */
  living(): FakeProcess[] {
    return [...this.processes.values()].filter((process) => process.isAlive && process.isOurs && process !== this.self);
  }

  newProcess(parent: FakeProcess, program: FakeProgram, words: readonly string[]): FakeProcess {
    const child = this.#addProcess(parent, words, parent.isOurs);
    child.hasTerminal = parent.hasTerminal;
    program(child);
    return child;
  }

  /** The end of a process, with a status as waitpid(2) returns it. */
  endProcess(process: FakeProcess, status: number): void {
    if (!process.isAlive) return;
    process.state = "zombie";
    process.status = status;
    process.endedMs = this.#nowMs;
    for (const child of process.children) {
      const heir = this.#heirOf(process);
      child.parent = heir;
      heir?.children.add(child);
      if (child.state === "zombie") this.tellParent(child);
    }
    process.children.clear();
    process.onEnd();
    this.tellParent(process);
  }

  /** SIGCHLD: for us a signal, for others a call, and they fetch the status immediately. */
  tellParent(process: FakeProcess): void {
    const { parent } = process;
    if (parent === this.self) this.signalSelf(SIGCHLD, process.pid);
    else if (process.state === "zombie" && (parent === undefined || parent.reaps)) {
      this.#remove(process);
      // Signals on their way were sent earlier: a process that notices a child's end has them, too.
      const arriving = parent === undefined ? undefined : this.#arriving.get(parent);
      for (const arrive of arriving ?? []) arrive();
      if (parent?.isAlive) parent.onChildEnd(process);
    }
  }

  /** A socket like a server's; watchers of the directory are notified. */
  addSocket(path: string): void {
    this.addNode(path, SOCKET | 0o666);
    this.tellWatchers(directoryOf(path));
  }

  /** A name came or went in `directory`. */
  tellWatchers(directory: string): void {
    for (const { watches, events } of this.inotifies.values()) {
      const watch = watches.get(directory);
      if (watch !== undefined) events.push(watch);
    }
  }

  // -- interface Linux ----------------------------------------------------------------------------

  spawn(
    file: string,
    argv: readonly string[],
    env: readonly string[],
    options: number,
    terminal: number,
    stdout: number,
    stderr: number,
  ): number {
    const hasNul = [file, ...argv, ...env].some((text) => text.includes("\0"));
    const errno = this.#enter("spawn", file) || (hasNul ? EINVAL : 0);
    if (errno !== 0) return -errno;
    const startError = this.#cannotExecute(file);
    const program = startError === 0 ? (this.files.get(this.#follow(file))?.program ?? (() => {})) : exitsUnstarted;
    const child = this.#addProcess(this.self, argv, true);
    // A child whose execve(2) failed still runs our program.
    child.file = startError === 0 ? file : this.self.file;
    child.name = startError === 0 ? (file.split("/").at(-1) ?? "").slice(0, 15) : this.self.name;
    child.environ = env;
    child.stdout = this.#fifoFds.get(stdout)?.path;
    child.stderr = this.#fifoFds.get(stderr)?.path;
    child.hasTerminal = this.terminal !== undefined;
    if (options & SESSION) {
      child.session = child.group = child.pid;
      child.hasTerminal = false;
    }
    if (options & (GROUP | FOREGROUND)) child.group = child.pid;
    if (options & FOREGROUND && this.isTerminal(terminal) && this.terminal) this.terminal.foreground = child.group;
    if (startError !== 0) this.#startErrors.set(child.pid, startError);
    program(child);
    return child.pid;
  }

  startError(pid: number): number {
    const errno = this.#startErrors.get(pid) ?? 0;
    this.#startErrors.delete(pid);
    return errno;
  }

  exec(file: string, argv: readonly string[], env: readonly string[]): number {
    const errno = this.#enter("exec", file) || this.#cannotExecute(file);
    if (errno !== 0) return -errno;
    throw new Replaced(file, argv, env);
  }

  waitAny(): readonly [pid: number, status: number] | number {
    this.#enter("waitAny", "");
    for (const child of this.self.children) {
      if (child.state !== "zombie") continue;
      this.#remove(child);
      return [child.pid, child.status];
    }
    return this.self.children.size === 0 ? -ECHILD : 0;
  }

  kill(pid: number, signal: number): number {
    const errno = this.#enter("kill", `${pid}`);
    if (errno !== 0) return -errno;
    const targets = [...this.processes.values()].filter((process) => {
      if (pid > 0) return process.pid === pid;
      if (pid === -1) return process.pid !== 1 && process !== this.self;
      return process.group === (pid === 0 ? this.self.group : -pid);
    });
    if (targets.length === 0) return -ESRCH;
    if (signal !== 0) for (const target of targets) this.#send(target, signal);
    return 0;
  }

  queueSignal(pid: number, signal: number, value: number): number {
    const errno = this.#enter("queueSignal", `${pid}`);
    if (errno !== 0) return -errno;
    const target = this.processes.get(pid);
    if (target === undefined) return -ESRCH;
    this.calls.push(`queueSignal ${pid} ${signal} ${value}`);
    return 0;
  }

  pidfdOpen(pid: number): number {
    const errno = this.#enter("pidfdOpen", `${pid}`);
    if (errno !== 0) return -errno;
    const process = this.processes.get(pid);
    if (process === undefined) return -ESRCH;
    this.pidfds.set(++this.#lastFd, process);
    return this.#lastFd;
  }

  pidfdKill(pidfd: number, signal: number): number {
    const errno = this.#enter("pidfdKill", `${pidfd}`);
    if (errno !== 0) return -errno;
    const process = this.pidfds.get(pidfd);
    if (process === undefined) return -EBADF;
    if (process.state === "gone") return -ESRCH;
    this.#send(process, signal);
    return 0;
  }

  becomeSubreaper(): number {
    const errno = this.#enter("becomeSubreaper", "");
    this.self.isSubreaper = errno === 0;
    return -errno;
  }

  getPid(): number {
    return this.self.pid;
  }

  getLimit(pid: number, resource: number): readonly [soft: number, hard: number] | number {
    const errno = this.#enter("getLimit", `${pid} ${resource}`);
    return errno === 0 ? this.descriptorLimit : -errno;
  }

  setLimit(resource: number, soft: number, hard: number): number {
    const errno = this.#enter("setLimit", `${resource} ${soft} ${hard}`);
    if (errno !== 0) return -errno;
    this.descriptorLimit = [soft, hard];
    return 0;
  }

  takeSignal(): readonly [signal: number, senderPid: number, value: number, code: number] | number {
    this.#enter("takeSignal", "");
    const lowest = this.#pending.reduce((least, { signal }) => Math.min(least, signal), Number.POSITIVE_INFINITY);
    const at = this.#pending.findIndex(({ signal }) => signal === lowest);
    const [taken] = at < 0 ? [] : this.#pending.splice(at, 1);
    return taken === undefined ? -EAGAIN : [taken.signal, taken.sender, taken.value, 0];
  }

  sleep(ms: number): number {
    this.#enter("sleep", "");
    this.calls.push(`sleep ${ms}`);
    this.advance(ms);
    return 0;
  }

  poll(reads: readonly number[], writes: readonly number[], timeoutMs: number): readonly number[] | number {
    const errno = this.#enter("poll", "");
    if (errno !== 0) return -errno;
    const endMs = timeoutMs < 0 ? Number.POSITIVE_INFINITY : this.#nowMs + timeoutMs;
    for (;;) {
      const ready = [
        ...reads.filter((fd) => this.#isReadable(fd)),
        ...writes.filter((fd) => this.#sink(fd).isClosed || this.#sink(fd).room >= PIPE_BUF),
      ];
      if (ready.length > 0 || this.#pending.length > 0) return ready;
      const next = this.#events.at(-1);
      if (next === undefined && timeoutMs !== 0 && (timeoutMs < 0 || timeoutMs >= FOREVER_MS)) {
        throw new Stuck("nothing is left that could end this wait");
      }
      if (next === undefined || next.atMs > endMs) {
        this.#nowMs = Math.max(this.#nowMs, endMs);
        return [];
      }
      this.#events.pop();
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.act();
    }
  }

  realtimeMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  getEuid(): number {
    return this.euid;
  }

  setGroups(gids: readonly number[]): number {
    this.calls.push(`setGroups ${gids.join(",")}`);
    return this.#identity("setGroups", () => {});
  }

  setGid(gid: number): number {
    this.calls.push(`setGid ${gid}`);
    return this.#identity("setGid", () => {
      this.egid = gid;
    });
  }

  setUid(uid: number): number {
    this.calls.push(`setUid ${uid}`);
    return this.#identity("setUid", () => {
      this.euid = uid;
    });
  }

  readFile(path: string, maxBytes: number, isCut: boolean): string | number {
    const errno = this.#enter("readFile", path);
    if (errno !== 0) return -errno;
    const content = path.startsWith("/proc/") ? this.#procFile(path) : this.#readable(path);
    if (typeof content === "number") return content;
    if (content.length <= maxBytes) return content;
    return isCut ? content.slice(0, maxBytes) : -EFBIG;
  }

  writeFile(path: string, bytes: string, isNew: boolean): number {
    mustBeBytes(bytes);
    const errno = this.#enter("writeFile", path);
    if (errno !== 0) return -errno;
    const file = this.files.get(path);
    if (!isNew) {
      if (file === undefined) return -ENOENT;
      if (isDirectory(file)) return -EISDIR;
      if (!this.#may(file, 2)) return -EACCES;
      file.content = bytes;
      return 0;
    }
    if (file !== undefined) return -EEXIST;
    const refused = this.#cannotChange(path);
    if (refused !== 0) return -refused;
    this.addFile(path, bytes, { mode: 0o600, uid: this.euid, gid: this.egid });
    return 0;
  }

  /** Last added first: an order that no program may rely on. */
  listDir(path: string): readonly string[] | number {
    const errno = this.#enter("listDir", path);
    if (errno !== 0) return -errno;
    if (path === "/proc") return ["self", "meminfo", "1x", ...[...this.processes.keys()].map(String)];
    const process = this.#ownerOfDescriptors(path);
    if (process !== undefined) {
      const files = [...process.files.keys()].filter((name) => name.startsWith("fd/"));
      return [
        ...Array.from({ length: 3 + process.sockets }, (_, fd) => `${fd}`),
        ...files.map((name) => name.slice(3)),
      ];
    }
    const real = this.#follow(path);
    const directory = this.files.get(real);
    if (directory === undefined) return -ENOENT;
    if (!isDirectory(directory)) return -ENOTDIR;
    if (!this.#may(directory, 4)) return -EACCES;
    const names = [...this.files.keys()].filter((name) => directoryOf(name) === real && name !== "");
    return names.map((name) => name.slice(real.length + 1)).reverse();
  }

  stat(path: string): Stat | number {
    const errno = this.#enter("stat", path);
    if (errno !== 0) return -errno;
    const owner = this.#ownerOfDescriptors(directoryOf(path));
    if (owner !== undefined) {
      const fd = Number(path.slice(path.lastIndexOf("/") + 1));
      if (this.#hasOwnFile(path)) return [REGULAR, owner.uid, 0, 0, 0, 0];
      return [fd < 3 ? CHARACTER_DEVICE : SOCKET, 0, 0, 0, 0, 0];
    }
    const found = this.#find(this.#programOf(path) ?? path);
    if (typeof found === "number") return found;
    return [found.mode, found.uid, found.gid, found.content.length, found.inode, found.modified ?? 0];
  }

  lstat(path: string): Stat | number {
    const errno = this.#enter("lstat", path);
    if (errno !== 0) return -errno;
    const file = this.files.get(`${this.#follow(directoryOf(path))}${path.slice(path.lastIndexOf("/"))}`);
    if (file === undefined) return -ENOENT;
    return [file.mode, file.uid, file.gid, file.content.length, file.inode, file.modified ?? 0];
  }

  setModified(path: string, seconds: number): number {
    const errno = this.#enter("setModified", path);
    if (errno !== 0) return -errno;
    const found = this.#find(path);
    if (typeof found === "number") return found;
    found.modified = seconds;
    return 0;
  }

  access(path: string, mode: number): number {
    const errno = this.#enter("access", path);
    if (errno !== 0) return -errno;
    if (this.#hasOwnFile(path)) return 0;
    const found = this.#find(path);
    if (typeof found === "number") return found;
    return this.#may(found, mode) ? 0 : -EACCES;
  }

  chmod(path: string, mode: number): number {
    this.calls.push(`chmod ${path} ${mode.toString(8)}`);
    return this.#change("chmod", path, (file) => {
      file.mode = (file.mode & ~0o7777) | mode;
    });
  }

  chown(path: string, uid: number, gid: number): number {
    this.calls.push(`chown ${path} ${uid} ${gid}`);
    if (this.euid !== 0 && (uid !== this.euid || gid !== this.egid)) return -EPERM;
    return this.#change("chown", path, (file) => {
      file.uid = uid;
      file.gid = gid;
    });
  }

  rename(from: string, to: string): number {
    const errno = this.#enter("rename", to) || this.#cannotChange(from) || this.#cannotChange(to);
    if (errno !== 0) return -errno;
    const file = this.files.get(from);
    const target = this.files.get(to);
    if (file === undefined) return -ENOENT;
    if (target !== undefined && isDirectory(target)) return -EISDIR;
    for (const [path, each] of [...this.files]) {
      if (path !== from && !path.startsWith(`${from}/`)) continue;
      this.files.delete(path);
      this.files.set(to + path.slice(from.length), each);
    }
    return 0;
  }

  mkdir(path: string, mode: number): number {
    const errno = this.#enter("mkdir", path) || this.#cannotAdd(path);
    if (errno !== 0) return -errno;
    const modified = Math.floor(this.realtimeMs() / 1000);
    this.addDirectory(path, { mode: mode & ~0o077, uid: this.euid, gid: this.egid, modified }); // as with a narrow umask
    return 0;
  }

  rmdir(path: string): number {
    const errno = this.#enter("rmdir", path) || this.#cannotChange(path);
    if (errno !== 0) return -errno;
    const directory = this.files.get(path);
    if (directory === undefined) return -ENOENT;
    if (!isDirectory(directory)) return -ENOTDIR;
    if ([...this.files.keys()].some((name) => directoryOf(name) === path && name !== "")) return -ENOTEMPTY;
    this.files.delete(path);
    return 0;
  }

  symlink(target: string, path: string): number {
    const errno = this.#enter("symlink", path) || this.#cannotAdd(path);
    if (errno !== 0) return -errno;
    this.addLink(path, target);
    return 0;
  }

  realPath(path: string): string | number {
    const errno = this.#enter("realPath", path);
    if (errno !== 0) return -errno;
    const real = this.#follow(path);
    const found = this.#find(real);
    // Each process has it.
    if (typeof found === "number" && path === "/proc/self/exe") return "/usr/sbin/my_init";
    return typeof found === "number" ? found : real;
  }

  readLink(path: string): string | number {
    const errno = this.#enter("readLink", path);
    if (errno !== 0) return -errno;
    const found = this.files.get(`${this.#follow(directoryOf(path))}/${path.slice(path.lastIndexOf("/") + 1)}`);
    if (found === undefined) return -ENOENT;
    return (found.mode & 0o170000) === LINK ? found.content : -EINVAL;
  }

  changeDirectory(path: string): number {
    const errno = this.#enter("changeDirectory", path);
    if (errno !== 0) return -errno;
    const found = this.#find(path);
    if (typeof found === "number") return found;
    if (!isDirectory(found)) return -ENOTDIR;
    this.cwd = this.#follow(path);
    return 0;
  }

  sync(path: string): number {
    const errno = this.#enter("sync", path);
    if (errno !== 0) return -errno;
    const found = this.#find(path);
    return typeof found === "number" ? found : 0;
  }

  lock(path: string): number {
    const errno = this.#enter("lock", path);
    if (errno !== 0) return -errno;
    const found = this.#find(path);
    if (typeof found === "number") return found;
    if (!this.#may(found, 2)) return -EACCES;
    this.locks.set(++this.#lastFd, path);
    return this.#lastFd;
  }

  lockDirectory(path: string): number {
    const errno = this.#enter("lockDirectory", path);
    if (errno !== 0) return -errno;
    const found = this.#find(path);
    if (typeof found === "number") return found;
    if (!isDirectory(found)) return -ENOTDIR;
    if (!this.#may(found, 4)) return -EACCES;
    this.locks.set(++this.#lastFd, path);
    return this.#lastFd;
  }

  openToAppend(path: string): number {
    const errno = this.#enter("openToAppend", path);
    if (errno === 0 && path === "/proc/self/fd/2") return 2;
    if (errno !== 0) return -errno;
    const real = this.#follow(path);
    const fifo = this.fifos.get(real);
    const isRead = fifo?.hasReader || [...this.#fifoFds.values()].some((open) => open.path === real);
    return fifo !== undefined && !isRead ? -ENXIO : this.#openFifo(real, true);
  }

  openToWrite(path: string): number {
    const errno = this.#enter("openToWrite", path);
    if (errno !== 0) return -errno;
    return path.startsWith("/proc/self/fd/") ? ++this.#lastFd : -ENOENT;
  }

  openToRead(path: string): number {
    const errno = this.#enter("openToRead", path);
    return errno !== 0 ? -errno : this.#openFifo(path, false);
  }

  openToShare(path: string): number {
    const errno = this.#enter("openToShare", path);
    return errno !== 0 ? -errno : this.#openFifo(path, true);
  }

  makeFifo(path: string, mode: number): number {
    const errno = this.#enter("makeFifo", path) || this.#cannotAdd(path);
    if (errno !== 0) return -errno;
    this.addNode(path, FIFO | mode, this.euid, this.egid);
    const fifo = new FakeFifo();
    fifo.room = PIPE_BYTES;
    this.fifos.set(path, fifo);
    this.tellWatchers(directoryOf(path));
    return 0;
  }

  read(fd: number, maxBytes: number): string | number {
    const errno = this.#enter("read", `${fd}`);
    if (errno !== 0) return -errno;
    if (fd === 0 && this.terminal !== undefined) {
      const { typed = "" } = this.terminal;
      this.terminal.typed = typed.slice(maxBytes);
      return typed.slice(0, maxBytes);
    }
    const fifo = this.fifos.get(this.#fifoFds.get(fd)?.path ?? "");
    if (fifo === undefined) return -EBADF;
    const text = fifo.take(maxBytes);
    return text === "" && fifo.writers > 0 ? -EAGAIN : text;
  }

  unread(fd: number): number {
    const errno = this.#enter("unread", `${fd}`);
    return errno !== 0 ? -errno : (this.fifos.get(this.#fifoFds.get(fd)?.path ?? "")?.text.length ?? 0);
  }

  duplicate(from: number, to: number): number {
    const errno = this.#enter("duplicate", `${from} ${to}`);
    this.calls.push(`duplicate ${this.#fifoFds.get(from)?.path ?? from} ${to}`);
    return errno === 0 ? to : -errno;
  }

  exchange(one: string, other: string): number {
    const errno = this.#enter("exchange", other) || this.#cannotChange(one) || this.#cannotChange(other);
    if (errno !== 0) return -errno;
    const [first, second] = [this.files.get(one), this.files.get(other)];
    if (first === undefined || second === undefined) return -ENOENT;
    this.files.set(one, second);
    this.files.set(other, first);
    return 0;
  }

  unlink(path: string): number {
    const errno = this.#enter("unlink", path) || this.#cannotChange(path);
    if (errno !== 0) return -errno;
    const file = this.files.get(path);
    if (file === undefined) return -ENOENT;
    if (isDirectory(file)) return -EISDIR;
    this.files.delete(path);
    return 0;
  }

  write(fd: number, bytes: string): number {
    mustBeBytes(bytes);
    const errno = this.#enter("write", `${fd}`);
    if (errno !== 0) return -errno;
    const sink = this.#sink(fd);
    if (sink.isClosed) {
      this.signalSelf(SIGPIPE, this.self.pid);
      return -EPIPE;
    }
    if (bytes.length > sink.room) {
      sink.hasBlocked = true;
      throw new Stuck(`a write of ${bytes.length} bytes to descriptor ${fd} waits for its reader`);
    }
    sink.room -= bytes.length;
    sink.text += bytes;
    return bytes.length;
  }

  close(fd: number): number {
    this.#enter("close", `${fd}`);
    const open = this.#fifoFds.get(fd);
    const fifo = open?.canWrite ? this.fifos.get(open.path) : undefined;
    if (fifo !== undefined && --fifo.writers === 0) fifo.onLastWriter();
    return this.#fifoFds.delete(fd) || this.pidfds.delete(fd) || this.inotifies.delete(fd) || this.locks.delete(fd)
      ? 0
      : -EBADF;
  }

  isTerminal(fd: number): boolean {
    return this.terminal !== undefined && fd >= 0 && fd <= 2;
  }

  getForeground(fd: number): number {
    return this.isTerminal(fd) ? (this.terminal?.foreground ?? 0) : -ENOTTY;
  }

  setForeground(fd: number, group: number): number {
    if (!this.isTerminal(fd) || this.terminal === undefined) return -ENOTTY;
    this.terminal.foreground = group;
    return 0;
  }

  getGroup(): number {
    return this.self.group;
  }

  getTerminalMode(fd: number): string | number {
    return this.isTerminal(fd) ? (this.terminal?.mode ?? "cooked") : -ENOTTY;
  }

  setTerminalMode(fd: number, mode: string, isRaw: boolean): number {
    if (!this.isTerminal(fd) || this.terminal === undefined) return -ENOTTY;
    this.terminal.mode = isRaw ? "raw" : mode;
    return 0;
  }

  getWindowSize(fd: number): readonly [rows: number, columns: number] | number {
    return this.isTerminal(fd) ? [this.terminal?.rows ?? 24, this.terminal?.columns ?? 80] : -ENOTTY;
  }

  frameLines(lines: string, before: string, after: string, isQuoted: boolean): string {
    const all = lines.endsWith("\n") ? lines.slice(0, -1).split("\n") : lines.split("\n");
    return all.map((line) => before + (isQuoted ? jsonString(line) : line) + after).join("");
  }

  memoryFile(): number {
    const errno = this.#enter("memoryFile", "");
    if (errno !== 0) return -errno;
    this.memoryFiles.set(++this.#lastFd, new FakeSink());
    return this.#lastFd;
  }

  inotifyOpen(): number {
    const errno = this.#enter("inotifyOpen", "");
    if (errno !== 0) return -errno;
    this.inotifies.set(++this.#lastFd, { watches: new Map(), events: [], lastWatch: 0 });
    return this.#lastFd;
  }

  inotifyAdd(fd: number, directory: string): number {
    const errno = this.#enter("inotifyAdd", directory);
    if (errno !== 0) return -errno;
    const inotify = this.inotifies.get(fd);
    if (inotify === undefined) return -EBADF;
    const [, , pid, ...rest] = directory.split("/");
    const names = [...(this.processes.get(Number(pid))?.files.keys() ?? [])];
    if (!names.some((name) => directoryOf(name) === rest.join("/")) && !this.files.has(directory)) return -ENOENT;
    const watch = inotify.watches.get(directory) ?? ++inotify.lastWatch;
    inotify.watches.set(directory, watch);
    return watch;
  }

  inotifyRemove(fd: number, watch: number): number {
    const errno = this.#enter("inotifyRemove", `${fd}`);
    if (errno !== 0) return -errno;
    const watches = this.inotifies.get(fd)?.watches;
    const directory = [...(watches ?? [])].find(([, number]) => number === watch)?.[0];
    if (watches === undefined || directory === undefined) return -EINVAL;
    watches.delete(directory);
    return 0;
  }

  inotifyRead(fd: number): readonly number[] | number {
    const errno = this.#enter("inotifyRead", "");
    if (errno !== 0) return -errno;
    const inotify = this.inotifies.get(fd);
    if (inotify === undefined) return -EBADF;
    const { events } = inotify;
    inotify.events = [];
    return events.length > 0 ? events : -EAGAIN;
  }

  // -- inside -------------------------------------------------------------------------------------

  /** Begins a call: time passes, due events happen. @returns the errno to fail with, or 0 */
  #enter(call: string, object: string): number {
    if (++this.callCount > (this.#options.maxCalls ?? 200_000)) throw new Stuck(`too many calls, the last is ${call}`);
    this.#nowMs += this.#options.callMs?.() ?? 0;
    this.#runEvents(this.#nowMs);
    return this.#options.fault?.(call, object) ?? 0;
  }

  #runEvents(untilMs: number): void {
    for (;;) {
      const next = this.#events.at(-1);
      if (next === undefined || next.atMs > untilMs) return;
      this.#events.pop();
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.act();
    }
  }

  #addProcess(parent: FakeProcess | undefined, words: readonly string[], isOurs: boolean): FakeProcess {
    const process = new FakeProcess(this, this.#freePid(), this.#lastStart++, parent, isOurs);
    process.argv = words;
    process.file = words[0] ?? "";
    process.name = (process.file.split("/").at(-1) ?? "").slice(0, 15);
    this.processes.set(process.pid, process);
    this.history.push(process);
    return process;
  }

  #freePid(): number {
    if (this.#options.reusesPids && this.history.length > 0) this.#lastPid = this.#options.pid ?? 1;
    do {
      this.#lastPid++;
      if (this.#lastPid > (this.#options.pidMax ?? 32768)) this.#lastPid = 2;
    } while (this.processes.has(this.#lastPid));
    return this.#lastPid;
  }

  #remove(process: FakeProcess): void {
    process.state = "gone";
    process.parent?.children.delete(process);
    this.processes.delete(process.pid);
  }

  /** The new parent of a process's children after its end: its nearest subreaper, or PID 1. */
  #heirOf(process: FakeProcess): FakeProcess | undefined {
    for (let heir = process.parent; heir !== undefined; heir = heir.parent) {
      if (heir.isAlive && (heir.isSubreaper || heir.pid === 1)) return heir;
    }
    return this.processes.get(1);
  }

  #send(target: FakeProcess, signal: number): void {
    this.sent.push({ target, signal, atMs: this.#nowMs });
    if (signal === SIGKILL) target.isDoomed = true;
    const latencyMs = this.#options.latencyMs?.() ?? 0;
    if (latencyMs === 0) target.receive(signal);
    else this.#sendLater(target, signal, latencyMs);
  }

  #sendLater(target: FakeProcess, signal: number, latencyMs: number): void {
    const arriving = this.#arriving.get(target) ?? new Set();
    this.#arriving.set(target, arriving);
    const arrive = () => {
      if (!arriving.delete(arrive)) return;
      target.pending.splice(target.pending.indexOf(signal), 1);
      target.receive(signal);
    };
    arriving.add(arrive);
    target.pending.push(signal);
    this.after(latencyMs, arrive);
  }

  #sink(fd: number): FakeSink {
    const path = this.#fifoFds.get(fd)?.path;
    return (
      (path === undefined ? undefined : this.fifos.get(path)) ??
      this.memoryFiles.get(fd) ??
      (fd === 1 ? this.stdout : this.stderr)
    );
  }

  #openFifo(path: string, canWrite: boolean): number {
    const fifo = this.fifos.get(path);
    if (fifo === undefined) return -ENOENT;
    const since = fifo.writers === 0 ? fifo.openCount : -1;
    if (canWrite) fifo.addWriter();
    this.#fifoFds.set(++this.#lastFd, { path, canWrite, since });
    return this.#lastFd;
  }

  #isReadable(fd: number): boolean {
    if (fd === 0) return (this.terminal?.typed ?? "") !== "";
    const open = this.#fifoFds.get(fd);
    const fifo = this.fifos.get(open?.path ?? "");
    if (fifo !== undefined) return fifo.text !== "" || (fifo.writers === 0 && fifo.openCount !== open?.since);
    const inotify = this.inotifies.get(fd);
    return inotify !== undefined ? inotify.events.length > 0 : !(this.pidfds.get(fd)?.isAlive ?? false);
  }

  #identity(call: string, act: () => void): number {
    const errno = this.#enter(call, "") || (this.euid === 0 ? 0 : EPERM);
    if (errno === 0) act();
    return -errno;
  }

  #find(path: string): FakeFile | number {
    const real = this.#follow(path);
    const file = this.files.get(real);
    if (file !== undefined) return file;
    const directory = this.files.get(directoryOf(real));
    return directory !== undefined && !isDirectory(directory) ? -ENOTDIR : -ENOENT;
  }

  /** Where the links of `path` lead, whether or not anything is there. */
  #follow(path: string): string {
    const isBelow = path.startsWith("./") && !this.files.has(path);
    const whole = path === "." ? this.cwd : isBelow ? this.cwd + path.slice(1) : path;
    if (!this.#hasLinks) return whole;
    let real = "";
    for (const name of whole.split("/").slice(1)) {
      const next = this.files.get(`${real}/${name}`);
      real = next !== undefined && (next.mode & 0o170000) === LINK ? this.#follow(next.content) : `${real}/${name}`;
    }
    return real;
  }

  #cannotAdd(path: string): number {
    return this.#cannotChange(path) || (this.files.has(path) ? EEXIST : 0);
  }

  #readable(path: string): string | number {
    const found = this.#find(path);
    if (typeof found === "number") return found;
    if (!this.#may(found, 4)) return -EACCES;
    return isDirectory(found) ? -EISDIR : found.content;
  }

  /** Whether a path below /proc/PID/ is a file that the process has there. */
  #hasOwnFile(path: string): boolean {
    const [, proc, pid, ...rest] = path.split("/");
    const process = proc === "proc" ? this.processes.get(Number(pid)) : undefined;
    return process?.isAlive === true && process.files.has(rest.join("/"));
  }

  /** What a path /proc/PID/exe leads to, unless a test has put a link there. */
  #programOf(path: string): string | undefined {
    const [, proc, pid, name, ...rest] = path.split("/");
    if (proc !== "proc" || name !== "exe" || rest.length > 0 || this.files.has(path)) return undefined;
    return this.processes.get(Number(pid))?.file;
  }

  /** The living process whose /proc/PID/fd `directory` is. */
  #ownerOfDescriptors(directory: string): FakeProcess | undefined {
    const [, proc, pid, fd, ...rest] = directory.split("/");
    if (proc !== "proc" || fd !== "fd" || rest.length > 0) return undefined;
    const process = this.processes.get(Number(pid));
    return process?.isAlive ? process : undefined;
  }

  #may(file: FakeFile, mode: number): boolean {
    if (this.euid === 0) return (mode & 1) === 0 || isDirectory(file) || (file.mode & 0o111) !== 0;
    const shift = file.uid === this.euid ? 6 : file.gid === this.egid ? 3 : 0;
    return ((file.mode >> shift) & mode) === mode;
  }

  #cannotChange(path: string): number {
    const directory = this.files.get(directoryOf(path));
    if (directory === undefined) return ENOENT;
    if (!isDirectory(directory)) return ENOTDIR;
    return this.#may(directory, 3) ? 0 : EACCES;
  }

  #change(call: string, path: string, act: (file: FakeFile) => void): number {
    const errno = this.#enter(call, path);
    if (errno !== 0) return -errno;
    const found = this.#find(path);
    if (typeof found === "number") return found;
    if (this.euid !== 0 && found.uid !== this.euid) return -EPERM;
    act(found);
    return 0;
  }

  #cannotExecute(path: string): number {
    const found = this.#find(path);
    if (typeof found === "number") return -found;
    if (isDirectory(found) || !this.#may(found, 1)) return EACCES;
    if (found.program !== undefined) return 0;
    if (!found.content.startsWith("#!")) return ENOEXEC;
    const interpreter = (found.content.split("\n")[0] ?? "").slice(2).trim().split(" ")[0] ?? "";
    return interpreter === "" ? ENOEXEC : this.#cannotExecute(interpreter);
  }

  /** /proc/N/stat, cmdline and status, as far as fields of them are used. @see proc(5) */
  #procFile(path: string): string | number {
    const [, , pid, ...rest] = path.split("/");
    const process = this.processes.get(Number(pid));
    if (process === undefined) return this.#readable(path);
    const name = rest.join("/");
    const letter =
      process.isBusy && process.isAlive ? "R" : { running: "S", stopped: "T", zombie: "Z", gone: "X" }[process.state];
    switch (name) {
      case "stat":
        return (
          `${pid} (${process.name}) ${letter} ${process.parent?.pid ?? 0} ${process.group} ${process.session} ` +
          `${process.hasTerminal ? 34816 : 0} -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 ${process.startTime} 0 0\n`
        );
      case "statm":
        return process.isAlive ? `900 ${process.residentPages} 300 200 0 100 0\n` : "0 0 0 0 0 0 0\n";
      case "cmdline":
        return process.isAlive ? process.argv.map((word) => `${word}\0`).join("") : "";
      case "status":
        return (
          `Name:\t${process.name}\nState:\t${letter}\nPid:\t${pid}\n` +
          `Uid:${`\t${process.uid}`.repeat(4)}\nGid:${`\t${process.uid}`.repeat(4)}\nGroups:\t${process.uid} \n` +
          `SigBlk:\t${"0".repeat(16)}\nSigIgn:\t${mask(process.ignored)}\n` +
          `SigCgt:\t${mask(process.handled)}\nvoluntary_ctxt_switches:\t${process.wakeUps}\n`
        );
      case `task/${pid}/children`:
        return [...process.children].map((child) => `${child.pid} `).join("");
      default:
        return (process.isAlive ? process.files.get(name) : undefined) ?? -ENOENT;
    }
  }
}

function directoryOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function isDirectory(file: FakeFile): boolean {
  return (file.mode & 0o170000) === DIRECTORY;
}

/** The kernel prints signal sets as 16 hexadecimal digits, the highest signal first. */
function mask(signals: ReadonlySet<number>): string {
  let digits = "";
  for (let first = 61; first >= 1; first -= 4) {
    let digit = 0;
    for (let bit = 0; bit < 4; bit++) if (signals.has(first + bit)) digit |= 1 << bit;
    digits += digit.toString(16);
  }
  return digits;
}

/** The C side refuses such strings: every one that a program makes must be bytes. */
function mustBeBytes(text: string): void {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0xff) throw new TypeError("a string with a character above U+00FF cannot be bytes");
  }
}
