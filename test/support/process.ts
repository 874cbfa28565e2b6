// The real binary as a plain process: PID 1 of a namespace of its own, with a root file system of its own.
//
//   ROOTFS      an unpacked image to stand on        (default build/root)
//   BINARY_DIR  where the program `baseimage` is     (default build/bin, or build/asan if SANITIZED)
//   EMULATED    set: the program is another architecture's
//   SANITIZED   set: the program comes with its loader and libraries, and reports what it should not do
//
// Text is bytes here, as in the product: each character of an argument, a value or an output is one byte.
import assert from "node:assert/strict";
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  constants as fsConstants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Readable } from "node:stream";
import type { TestContext } from "node:test";

import { hasFailed } from "./has-failed.ts";
import { patient } from "./patience.ts";
import { literally, TwoOutputs } from "./two-outputs.ts";
import { until } from "./until.ts";

export { until };

export const isSanitized = Boolean(process.env["SANITIZED"]);
export const isEmulated = Boolean(process.env["EMULATED"]);

const rootfs = resolve(process.env["ROOTFS"] || "build/root");
const binaryDir = resolve(process.env["BINARY_DIR"] || (isSanitized ? "build/asan" : "build/bin"));
const fixtures = resolve("test/fixtures");

/** Options for `describe`: a few tests at a time, no test if this machine cannot run them. */
export const processRing = { concurrency: 4, skip: reasonNotToRun() };

function reasonNotToRun(): string | false {
  const reason =
    process.getuid?.() !== 0
      ? "needs root, for namespaces and mounts"
      : [rootfs, join(binaryDir, "baseimage")]
          .filter((path) => !existsSync(path))
          .map((path) => `${path} is missing: make build`)[0];
  if (reason === undefined) return false;
  if (process.env["CI"]) throw new Error(`the process ring cannot run: ${reason}`);
  console.error(`the process ring is skipped: ${reason}`);
  return reason;
}

/** What Docker gives every container. */
export const dockerEnv: Readonly<Record<string, string>> = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOSTNAME: "box",
  HOME: "/root",
};

/** Content of a file, with the mode it gets. */
export type FileContent = string | { readonly content: string; readonly mode: number };

/** A private root file system on top of the image: all changes in it are gone with the test. */
export type View = {
  /** Where a path of the view is for this process. */
  path(inside: string): string;
  write(inside: string, content: string, mode?: number): void;
  /** An executable `#!/bin/sh` script of these lines. */
  script(inside: string, lines: string): void;
  read(inside: string): string;
  exists(inside: string): boolean;
  list(inside: string): string[];
};

export type InitOptions = {
  /** What follows the program's name. */
  readonly args?: readonly string[];
  /** The whole environment of the program. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where it runs; without it in a view of its own. */
  readonly view?: View;
  /** Scripts to be written first: path to lines of `sh`. */
  readonly scripts?: Readonly<Record<string, string>>;
  /** Files to be written first. */
  readonly files?: Readonly<Record<string, string>>;
  /** Shell lines run before the program, as root, with the view's directory in $root. */
  readonly prepare?: string;
  /** Words of the view put before the program: `["prlimit", "--as=1000000"]`. They execute the words that follow. */
  readonly wrapper?: readonly string[];
  /** Redirections of the program: `2>&-`. */
  readonly redirect?: string;
  readonly program?:
    | "my_init"
    | "setuser"
    | "container_exit"
    | "container_health"
    | "container_lint"
    | "container_status"
    | "boot_report"
    | "workaround-docker-2267";
  /**
   * It is not PID 1 but its child. Shell lines that PID 1 runs before starting it and after its
   * end, with $status; `inside LINE` runs a line in the view.
   */
  readonly besides?: { readonly before?: string; readonly after?: string };
  /** It has a terminal, whose other end is `stdin` and `stdout`. */
  readonly hasTerminal?: boolean;
  /** Standard input: nothing, or a pipe. */
  readonly input?: "none" | "pipe";
};

export type Ended = {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Both: whole lines in the order of arrival. */
  readonly output: string;
  readonly tookMs: number;
};

/** One process of a namespace, by its number there. */
export type ProcessFacts = {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly state: string;
};

export type Init = {
  readonly view: View;
  /** Both outputs until now. */
  readonly output: string;
  /**
   * Resolves with the match once `sign` is in both outputs or in one of them, at the beginning of a line if it is a
   * string. Throws when the time is up, or if the program ends without it.
   */
  waitFor(sign: string | RegExp, withinMs?: number): Promise<RegExpExecArray>;
  /** Its number outside. */
  readonly pid: number;
  signal(signal: NodeJS.Signals | number): void;
  type(text: string): void;
  /** All processes of its namespace; none before it is in its root, and none after its end. */
  processes(): ProcessFacts[];
  /** A file of a process in its /proc, "status" for one; empty where the process has ended. */
  processFile(inside: number, file: string): string;
  /** Runs a line of `sh` in its namespaces, which must succeed. @returns its standard output */
  exec(line: string): Promise<string>;
  /** Memory that is its own, in KiB. */
  residentKiB(): number;
  /** Waits for its end; throws when the time is up. */
  ended(withinMs?: number): Promise<Ended>;
  /** Whether it has ended, and with it its namespace; some of its output may still be unread. */
  readonly isGone: boolean;
  /** No more of its output is read: the pipes fill. */
  stopReading(): void;
  readAgain(): void;
};

/** Makes a view, gone when `t` ends. @param prepare shell lines for its mount namespace; its directory is in $root */
export async function makeView(t: TestContext, prepare = ""): Promise<View> {
  const directory = mkdtempSync(join(tmpdir(), "baseimage-process-"));
  const mountPoint = join(directory, "view");
  const root = join(mountPoint, "root");
  mkdirSync(mountPoint);
  // The mounts live as long as this shell, which ends when our end of its input is closed, however this process ends.
  const lines = `set -e
    mount -t tmpfs -o mode=755 tmpfs ${mountPoint}
    mkdir ${mountPoint}/upper ${mountPoint}/work ${root}
    mount -t overlay -o lowerdir=${rootfs},upperdir=${mountPoint}/upper,workdir=${mountPoint}/work overlay ${root}
    mount --rbind /dev ${root}/dev
    # my_init alone. Syslog's socket would lie in this machine's /dev; in test/e2e each container has its own.
    rm -rf ${root}/etc/my_init.d/* ${root}/etc/my_init.post_shutdown.d/* ${root}/etc/service/*
    mkdir ${root}/fixtures ${root}/binary
    mount --bind ${fixtures} ${root}/fixtures
    mount --bind ${binaryDir} ${root}/binary
    ${isSanitized ? "ln -sf /binary/baseimage" : `cp ${binaryDir}/baseimage`} ${root}/usr/sbin/my_init
    root=${root}
    ${prepare}
    echo ready
    exec cat > /dev/null`;
  const keeper = spawn("unshare", ["--mount", "sh", "-c", lines], { stdio: ["pipe", "pipe", "inherit"] });
  t.after(async () => {
    keeper.stdin.end();
    await onceClosed(keeper);
    rmSync(directory, { recursive: true });
  });
  await new Promise<void>((done, fail) => {
    keeper.stdout.once("data", () => done());
    keeper.once("close", () => fail(new Error("the view could not be made")));
  });

  const path = (inside: string) => `/proc/${keeper.pid}/root${root}${inside}`;
  const bytes = (inside: string) => Buffer.from(path(inside), "latin1");
  const write = (inside: string, content: string, mode = 0o644) => {
    mkdirSync(bytes(dirname(inside)), { recursive: true });
    writeFileSync(bytes(inside), Buffer.from(content, "latin1"), { mode });
  };
  const view = {
    path,
    write,
    script: (inside: string, lines: string) => write(inside, `#!/bin/sh\n${lines}\n`, 0o755),
    read: (inside: string) => readFileSync(bytes(inside), "latin1"),
    exists: (inside: string) => existsSync(bytes(inside)),
    list: (inside: string) => readdirSync(path(inside), "latin1").sort(),
  };
  keepers.set(view, { pid: keeper.pid ?? 0, directory, root });
  return view;
}

const keepers = new WeakMap<View, { readonly pid: number; readonly directory: string; readonly root: string }>();
let startCount = 0;

/** Starts the program. It is killed when `t` ends, with all its namespace, after its output was shown if `t` is red. */
export async function startInit(t: TestContext, options: InitOptions = {}): Promise<Init> {
  const view = options.view ?? (await makeView(t));
  for (const [path, lines] of Object.entries(options.scripts ?? {})) view.script(path, lines);
  for (const [path, content] of Object.entries(options.files ?? {})) view.write(path, content);
  // A directory that changed in this very second makes runsvdir wait for the next one before it looks.
  utimesSync(view.path("/etc/service"), 0, 0);
  const keeper = keepers.get(view);
  assert.ok(keeper);

  startCount += 1;
  const starter = join(keeper.directory, `start-${startCount}.sh`);
  // Pipes as a container engine makes them, which /dev/stdout can open; Node's own are sockets.
  const pipes = options.hasTerminal ? [] : [`${starter}.out`, `${starter}.err`];
  for (const pipe of pipes) execFileSync("mkfifo", [pipe]);
  const readEnds = pipes.map((pipe) => openSync(pipe, fsConstants.O_RDONLY | fsConstants.O_NONBLOCK));
  const outputs = pipes.length === 0 ? "" : `exec > ${pipes[0]} 2> ${pipes[1]}\n`;
  writeFileSync(starter, Buffer.from(outputs + startLines(keeper.root, options), "latin1"));
  const leader = options.hasTerminal ? "setsid --ctty " : "";
  const words = [
    `nsenter --mount=/proc/${keeper.pid}/ns/mnt unshare --mount --pid --fork --kill-child ${leader}sh ${starter}`,
  ];
  // If this process is killed, the kernel kills the child, and with it the namespace.
  const command = options.hasTerminal ? ["script", "-qefc", ...words, "/dev/null"] : (words[0] ?? "").split(" ");
  const begin = performance.now();
  const child = spawn("setpriv", ["--pdeathsig", "KILL", ...command], {
    stdio: [options.input === "pipe" || options.hasTerminal ? "pipe" : "ignore", "pipe", "pipe", "pipe"],
    env: { PATH: process.env["PATH"] ?? "", SHELL: "/bin/sh" },
  });
  child.stdin?.on("error", () => {}); // a process that has ended reads no more

  const heard = new Listener();
  if (child.stdout !== null) heard.listen(child.stdout, "stdout");
  if (child.stderr !== null) heard.listen(child.stderr, "stderr");
  const hasClosed = onceClosed(child);
  const pid = await announcedPid(child, heard);
  const [out, err] = readEnds.map((fd) => new Socket({ fd, readable: true, writable: false }));
  if (out !== undefined) heard.listen(out, "stdout");
  if (err !== undefined) heard.listen(err, "stderr");
  const closed = Promise.all([hasClosed, heard.hasEnded()]).then(() => performance.now() - begin);
  t.after(async () => {
    if (hasFailed(t)) console.error(`output in "${t.name}":\n${heard.output}`);
    child.kill("SIGKILL");
    if (options.hasTerminal && child.exitCode === null) process.kill(pid, "SIGKILL");
    await closed;
  });

  return {
    view,
    pid,
    get output() {
      return heard.output;
    },
    waitFor: (sign, withinMs = 60_000) => heard.waitFor(sign, withinMs),
    signal: (signal) => void process.kill(pid, signal),
    type: (text) => void child.stdin?.write(Buffer.from(text, "latin1")),
    processes: () => processesOf(pid),
    processFile: (inside, file) => readProc(`/proc/${pid}/root/proc/${inside}/${file}`),
    exec: async (line) => {
      await until(() => !isOutside(pid), "it is in its root");
      return execIn(pid, line);
    },
    residentKiB: () => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]),
    ended: async (withinMs = 90_000) => {
      const tookMs = await within(
        closed,
        withinMs,
        () => `no end within ${withinMs} ms; the output until then:\n${heard.output}`,
      );
      assert.equal(child.signalCode, null, `it did not exit, it was killed:\n${heard.output}`);
      const status = child.exitCode ?? -1;
      assert.doesNotMatch(heard.output, /Sanitizer|runtime error:|internal error/);
      return { status, stdout: heard.stdout, stderr: heard.stderr, output: heard.output, tookMs };
    },
    stopReading: () => {
      out?.pause();
      err?.pause();
    },
    readAgain: () => {
      out?.resume();
      err?.resume();
    },
    get isGone() {
      return child.exitCode !== null || child.signalCode !== null;
    },
  };
}

/** Starts the program and waits for its end. */
export async function runInit(t: TestContext, options: InitOptions = {}): Promise<Ended> {
  return (await startInit(t, options)).ended();
}

/** Runs `setuser` to its end. */
export function runSetuser(t: TestContext, args: readonly string[], options: InitOptions = {}): Promise<Ended> {
  return runInit(t, { ...options, program: "setuser", args });
}

/**
 * Lines of `sh` that signal the process of a service. runsv writes its number a moment after the service has started; until
 * then its file is empty or has the number of the process before.
 */
export function signalService(service: string, signal: string): string {
  const pid = `$(cat /etc/service/${service}/supervise/pid)`;
  return `until kill -${signal} ${pid} 2> /dev/null; do sleep 0.02; done`;
}

/** Lines of `sh` that wait until a service is older than three seconds: from then on the shutdown stops it in another way. */
export function untilOld(service: string): string {
  return `until sv status ${service} | grep -q -E '^run: .*\\) ([4-9]|[1-9][0-9]+)s'; do sleep 0.1; done`;
}

/**
 * Measures how long something takes, and again if it took longer than `enoughMs`: a busy machine only adds to a time.
 *
 * @returns the shortest time
 */
export async function shortest(enoughMs: number, measure: () => Promise<number>): Promise<number> {
  let bestMs = await measure();
  for (let tries = 4; tries > 0 && bestMs > enoughMs; tries--) bestMs = Math.min(bestMs, await measure());
  return bestMs;
}

/** Waits until an output of PID 1, which the test has stopped reading, has room for nothing more. */
export async function untilFull(init: Init, output: "stdout" | "stderr"): Promise<void> {
  const pipe = `/proc/1/fd/${output === "stdout" ? 1 : 2}`;
  const isFull = `perl -MFcntl -e 'sysopen(OUT, "${pipe}", O_WRONLY | O_NONBLOCK) or die; vec($set, fileno(OUT), 1) = 1; exit select(undef, $set, undef, 0)'`;
  await init.exec(`until ${isFull}; do sleep 0.02; done`);
}

/** The shell script that becomes the program. */
function startLines(root: string, options: InitOptions): string {
  const { args = [], env = dockerEnv, wrapper = [], program = "my_init", redirect = "" } = options;
  const path = program === "workaround-docker-2267" ? `/usr/bin/${program}` : `/sbin/${program}`;
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const words = ["env", "-i", ...variables, "/usr/sbin/chroot", root, ...wrapper, path, ...args].map(quote).join(" ");
  // The number by which this process, soon the program, is known outside: for the shell reads it itself.
  const become = `read -r pid rest < /proc/self/stat
    echo "$pid" >&3
    exec 3>&- ${words} ${redirect}`;
  const before = `set -e
    root=${quote(root)}
    mount -t proc proc "$root/proc"
    ${options.prepare ?? ""}
    set +e`;
  if (options.besides === undefined) return `${before}\n${become}\n`;
  return `${before}
    inside() { chroot "$root" sh -c "$1"; }
    exec 4<&0
    ${options.besides.before ?? ""}
    (${become}) <&4 4<&- &
    exec 3>&-
    wait $!
    status=$?
    ${options.besides.after ?? ""}
    exit $status\n`;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'"'"'`)}'`;
}

/** Keeps the output of a process, and wakes the tests that wait for a sign in it. */
class Listener {
  #openCount = 0;
  readonly #heard = new TwoOutputs();
  readonly #waiting = new Set<() => void>();

  get stdout(): string {
    return this.#heard.stdout;
  }

  get stderr(): string {
    return this.#heard.stderr;
  }

  get output(): string {
    return this.#heard.both;
  }

  listen(stream: Readable, name: "stdout" | "stderr"): void {
    this.#openCount += 1;
    const take = this.#heard.taker(name);
    stream.setEncoding("latin1");
    stream.on("data", (text: string) => {
      take(text);
      this.#wake();
    });
    stream.on("close", () => {
      this.#openCount -= 1;
      this.#wake();
    });
  }

  /** Resolves once no process can write any more. */
  hasEnded(): Promise<void> {
    return this.#until(() => (this.#openCount === 0 ? true : undefined)).then(() => {});
  }

  waitFor(sign: string | RegExp, withinMs: number): Promise<RegExpExecArray> {
    // my_init prints the words of the command that it runs, which are no sign.
    const pattern = typeof sign === "string" ? new RegExp(`^(?:\\*{3} )?${literally(sign)}`, "m") : sign;
    const found = this.#until(() => {
      const match = this.#heard.find(pattern);
      if (match === undefined && this.#openCount === 0)
        throw new Error(`${sign} never came; the output:\n${this.output}`);
      return match;
    });
    return within(
      found,
      withinMs,
      () => `${sign} did not come within ${withinMs} ms; the output until then:\n${this.output}`,
    );
  }

  #until<T>(look: () => T | undefined): Promise<T> {
    return new Promise((done, fail) => {
      const again = () => {
        try {
          const found = look();
          if (found === undefined) return;
          done(found);
        } catch (error) {
          fail(error);
        }
        this.#waiting.delete(again);
      };
      this.#waiting.add(again);
      again();
    });
  }

  #wake(): void {
    for (const again of [...this.#waiting]) again();
  }
}

function within<T>(promise: Promise<T>, withinMs: number, complaint: () => string): Promise<T> {
  return new Promise((done, fail) => {
    const tooLate = setTimeout(() => fail(new Error(complaint())), patient(withinMs));
    promise.then(done, fail).finally(() => clearTimeout(tooLate));
  });
}

function onceClosed(child: ChildProcess): Promise<void> {
  return new Promise((done) => void child.once("close", () => done()));
}

function announcedPid(child: ChildProcess, heard: Listener): Promise<number> {
  return new Promise((done, fail) => {
    child.stdio[3]?.once("data", (text: Buffer) => done(Number(text.toString())));
    child.once("close", () => fail(new Error(`it did not start:\n${heard.output}`)));
  });
}

function execIn(pid: number, line: string): Promise<string> {
  const words = ["--target", String(pid), "--mount", "--pid", "--root", "--wd", "sh", "-c", line];
  return new Promise((done, fail) => {
    execFile(
      "nsenter",
      words,
      // runit's sv waits for seven seconds, which a busy machine may exceed.
      { encoding: "latin1", timeout: patient(60_000), env: { ...dockerEnv, SVWAIT: "50" } },
      (error, stdout, stderr) => {
        if (error === null) done(stdout);
        else fail(new Error(`${error.message}\n${stdout}${stderr}`));
      },
    );
  });
}

/** Whether PID 1 of a namespace is not in its root yet: of all /proc, only this machine's own has a "self" for us. */
function isOutside(init: number): boolean {
  return existsSync(`/proc/${init}/root/proc/self/stat`);
}

function processesOf(init: number): ProcessFacts[] {
  const proc = `/proc/${init}/root/proc`;
  if (isOutside(init)) return [];
  return unlessGone(() => readdirSync(proc), [])
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const line = readProc(`${proc}/${name}/stat`);
      if (line === "") return [];
      const [state = "", parent] = line.slice(line.lastIndexOf(")") + 2).split(" ");
      const title = line.slice(line.indexOf("(") + 1, line.lastIndexOf(")"));
      return [{ pid: Number(name), parent: Number(parent), name: title, state }];
    });
}

/** Content of a file of /proc; "" if its process has ended. */
function readProc(path: string): string {
  return unlessGone(() => readFileSync(path, "latin1"), "");
}

/** A process can end between any two looks at it: ask, and take the answer "it is gone" for `otherwise`. */
function unlessGone<T>(ask: () => T, otherwise: T): T {
  try {
    return ask();
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return otherwise;
    throw error;
  }
}
