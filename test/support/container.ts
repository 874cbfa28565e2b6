// Real containers for tests: started, listened to, and always removed again.
import { execFile, spawn } from "node:child_process";
import type { TestContext } from "node:test";
import { hasFailed } from "./has-failed.ts";
import { patient } from "./patience.ts";
import { literally, TwoOutputs } from "./two-outputs.ts";

/** The container engine's command: `docker` or `podman`. */
export const engine = process.env["ENGINE"] || "docker";

// Podman 5 prints a warning before everything else on a machine with the older control groups.
process.env["PODMAN_IGNORE_CGROUPSV1_WARNING"] ||= "1";

/** The image under test. */
export const image = process.env["IMAGE"] || "baseimage:latest";

/** How a program ended and what it printed. */
export type Outcome = {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** `stdout` byte for byte, for what need not be UTF-8. */
  readonly stdoutBytes: Buffer;
};

export type ContainerOptions = {
  /** What follows the image on the command line; without it the image's own CMD. */
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** More options of `docker run`: `["--init"]`. */
  readonly args?: readonly string[];
  readonly image?: string;
};

export type RunOptions = ContainerOptions & {
  /** Given on standard input; without it there is none. */
  readonly input?: string | Buffer;
  readonly withinMs?: number;
};

export type Container = {
  readonly id: string;
  /** Resolves once `sign` is in both outputs or in one; throws when the time is up or the container ended without it. */
  waitForLog(sign: string | RegExp, options?: { withinMs?: number }): Promise<void>;
  /** Waits until the container has ended. @returns its exit code */
  waitForExit(options?: { withinMs?: number }): Promise<number>;
  /** The exit code of a container that has ended. */
  exitCode(): Promise<number>;
  /** `docker stop`. @returns how long it took, in milliseconds */
  stop(options?: { graceSeconds?: number }): Promise<number>;
  /** `docker kill --signal`. */
  signal(name: string): Promise<void>;
  /** Its output until now. */
  logs(): Promise<{ stdout: string; stderr: string }>;
  /** Runs a program in it, whatever its status. */
  exec(
    command: readonly string[],
    options?: { user?: string; env?: Readonly<Record<string, string>>; input?: string | Buffer },
  ): Promise<Outcome>;
  /** Runs a line of `sh` in it that must succeed. @returns its standard output */
  sh(line: string): Promise<string>;
  /** Runs a line of `sh` in it again and again until it succeeds. @returns its standard output */
  until(line: string, options?: { withinMs?: number }): Promise<string>;
  inspect(format: string): Promise<string>;
};

/** Starts a container in the background. It is removed when `t` ends, after its log was shown if `t` is red. */
export async function startContainer(t: TestContext, options: ContainerOptions = {}): Promise<Container> {
  const words = ["run", "--detach", ...runWords(options)];
  const id = (await must(words)).stdout.trim();
  cleanUp(t, async () => {
    if (hasFailed(t)) await showLog(id, words);
    await run(["rm", "--force", "--volumes", id]);
  });
  return containerOf(id);
}

/** Runs a container to its end. @returns how it ended, and its output */
export async function runContainer(t: TestContext, options: RunOptions = {}): Promise<Outcome> {
  const name = uniqueName();
  const interactive = options.input === undefined ? [] : ["--interactive"];
  const words = ["run", "--rm", "--name", name, ...interactive, ...runWords(options)];
  cleanUp(t, async () => {
    await run(["rm", "--force", "--volumes", name]); // does nothing once it has ended
    if (hasFailed(t)) console.error(`repeat: ${commandLine(words)}`);
  });
  return run(words, { input: options.input, withinMs: options.withinMs ?? 120_000 });
}

/** Builds an image from the lines of a Dockerfile, with no files beside it. It is removed when `t` ends. */
export function buildImage(t: TestContext, dockerfile: string, args: readonly string[] = []): Promise<string> {
  return build(t, [...args, "-"], dockerfile);
}

/** Builds an image from a directory that has a Dockerfile. It is removed when `t` ends. */
export function buildDirectory(t: TestContext, directory: string, args: readonly string[] = []): Promise<string> {
  return build(t, [...args, directory]);
}

async function build(t: TestContext, args: readonly string[], dockerfile?: string): Promise<string> {
  const name = `baseimage-test:${uniqueName()}`;
  const words = ["build", "--force-rm", "--tag", name, ...args];
  const once = () => run(words, { input: dockerfile, withinMs: 900_000 });
  let { status, stdout, stderr } = await once();
  for (let tries = 2; tries > 0 && status !== 0 && LOST_LAYER.test(stderr); tries--)
    ({ status, stdout, stderr } = await once());
  if (status !== 0) throw new Error(`cannot build: ${commandLine(words)}\n${dockerfile ?? ""}\n${stdout}${stderr}`);
  cleanUp(t, () => run(["rmi", "--force", name]));
  return name;
}

/**
 * The message of Docker's classic builder if the layers that this build found in the cache went, in the same moment,
 * with another test's image that ended.
 */
export const LOST_LAYER = /failed to get digest|no such image|layer does not exist|unknown parent image/i;

/** A container that something else has started, and removes. */
export function containerOf(id: string): Container {
  const handle: Container = {
    id,
    waitForLog: (sign, { withinMs = 60_000 } = {}) => waitForLog(id, sign, withinMs),
    waitForExit: async ({ withinMs = 120_000 } = {}) => Number((await must(["wait", id], { withinMs })).stdout),
    exitCode: async () => {
      const [isRunning, code] = (await handle.inspect("{{.State.Running}} {{.State.ExitCode}}")).split(" ");
      if (isRunning !== "false") throw new Error("the container has not ended: it has no exit code yet");
      return Number(code);
    },
    stop: async ({ graceSeconds = 10 } = {}) => {
      const begin = performance.now();
      await must(["stop", "--time", String(patient(graceSeconds)), id], { withinMs: graceSeconds * 1000 + 30_000 });
      return performance.now() - begin;
    },
    signal: async (name) => void (await must(["kill", "--signal", name, id])),
    logs: async () => {
      const { stdout, stderr } = await must(["logs", id]);
      return { stdout, stderr };
    },
    exec: (command, { user, env = {}, input } = {}) =>
      run(
        [
          "exec",
          ...(input === undefined ? [] : ["--interactive"]),
          ...(user === undefined ? [] : ["--user", user]),
          ...envWords(env),
          id,
          ...command,
        ],
        { input, withinMs: 120_000 },
      ),
    sh: async (line) => {
      // runit's sv waits for seven seconds, which a busy machine may exceed.
      const outcome = await handle.exec(["sh", "-c", line], { env: { SVWAIT: "50" } });
      if (outcome.status !== 0)
        throw new Error(`status ${outcome.status} from: ${line}\n${outcome.stdout}${outcome.stderr}`);
      return outcome.stdout;
    },
    until: (line, { withinMs = 60_000 } = {}) => handle.sh(untilLine(line, withinMs)),
    inspect: async (format) => (await must(["inspect", "--format", format, id])).stdout.trim(),
  };
  return handle;
}

/** A line of `sh` or bash that repeats `line` until it succeeds: often at first, after two seconds twice a second. */
export function untilLine(line: string, withinMs = 60_000): string {
  const pause = "if [ $n -le 40 ]; then sleep 0.05; else sleep 0.5; fi";
  const tries = 40 + Math.max(0, patient(withinMs) - 2000) / 500;
  return `n=0; until ${line}; do n=$((n + 1)); [ $n -le ${Math.ceil(tries)} ] || exit 1; ${pause}; done`;
}

function waitForLog(id: string, sign: string | RegExp, withinMs: number): Promise<void> {
  const wanted = typeof sign === "string" ? new RegExp(literally(sign)) : sign;
  return new Promise((resolve, reject) => {
    const follower = spawn(engine, ["logs", "--follow", id], { stdio: ["ignore", "pipe", "pipe"] });
    const limitMs = patient(withinMs);
    const tooLate = setTimeout(() => end(`did not come within ${limitMs} ms`), limitMs);
    const log = new TwoOutputs();
    for (const name of ["stdout", "stderr"] as const) {
      const take = log.taker(name);
      follower[name].setEncoding("utf8").on("data", (piece: string) => {
        take(piece);
        if (log.find(wanted)) end();
      });
    }
    const end = (complaint?: string) => {
      clearTimeout(tooLate);
      follower.removeAllListeners();
      follower.kill();
      if (complaint === undefined) resolve();
      else reject(new Error(`${sign} ${complaint}; the log until then:\n${log.both}`));
    };
    follower.on("error", (error) => end(error.message));
    follower.on("close", () => end("never came: the container ended"));
  });
}

/** Runs the container engine's command, or another program. @returns how it ended; only no end in time is an error */
export function run(
  words: readonly string[],
  {
    input,
    withinMs = 120_000,
    env = {},
    program = engine,
  }: {
    input?: string | Buffer | undefined;
    withinMs?: number;
    /** Variables for the container engine's command itself. */
    env?: Readonly<Record<string, string>>;
    program?: string;
  } = {},
): Promise<Outcome> {
  const limitMs = patient(withinMs);
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      words,
      {
        encoding: "buffer",
        maxBuffer: 1 << 28,
        timeout: limitMs,
        killSignal: "SIGKILL",
        env: { ...process.env, ...env },
      },
      (error, stdout, stderr) => {
        if (error && typeof error.code !== "number") {
          const reason = error.killed ? `no end within ${limitMs} ms` : error.message;
          reject(new Error(`${reason}: ${commandLine(words)}\n${stdout}${stderr}`));
          return;
        }
        const status = error ? Number(error.code) : 0;
        resolve({ status, stdout: stdout.toString(), stderr: stderr.toString(), stdoutBytes: stdout });
      },
    );
    child.stdin?.on("error", () => {}); // a process that has ended reads no more
    child.stdin?.end(input);
  });
}

async function must(words: readonly string[], options: { withinMs?: number } = {}): Promise<Outcome> {
  const outcome = await run(words, options);
  if (outcome.status !== 0)
    throw new Error(`status ${outcome.status} from: ${commandLine(words)}\n${outcome.stdout}${outcome.stderr}`);
  return outcome;
}

function runWords({ command = [], env = {}, args = [], image: from = image }: ContainerOptions): string[] {
  return [...envWords(env), ...args, from, ...command];
}

function envWords(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
}

async function showLog(id: string, words: readonly string[]): Promise<void> {
  const { stdout, stderr } = await run(["logs", id]);
  console.error(`the container's log:\n${stdout}${stderr}\nrepeat: ${commandLine(words)}`);
}

function commandLine(words: readonly string[]): string {
  return [engine, ...words]
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`))
    .join(" ");
}

const cleanUps = new WeakMap<TestContext, (() => Promise<unknown>)[]>();

/** `t.after()` in the reverse order: an image that still has a container would only lose its name. */
export function cleanUp(t: TestContext, action: () => Promise<unknown>): void {
  const actions = cleanUps.get(t) ?? [];
  if (actions.push(action) > 1) return;
  cleanUps.set(t, actions);
  t.after(async () => {
    for (const each of actions.reverse()) await each();
  });
}

let containerCount = 0;
function uniqueName(): string {
  containerCount += 1;
  return `baseimage-test-${process.pid}-${containerCount}`;
}
