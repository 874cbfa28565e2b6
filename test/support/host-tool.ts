// The programs for the host, as build/bin has them.
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { resolve } from "node:path";
import type { Readable } from "node:stream";
import type { TestContext } from "node:test";
import { hasFailed } from "./has-failed.ts";
import { until } from "./until.ts";

/** Path of the program `name`. */
export function hostTool(name: string): string {
  return resolve(process.env["HOST_TOOLS_DIR"] || "build/bin", name);
}

export type ToolOptions = {
  /** Given on standard input, which then ends; without it there is none. */
  readonly input?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Words to be put in front: `["setpriv", "--reuid", "1000"]`. */
  readonly wrapper?: readonly string[];
};

export type ToolOutcome = { readonly status: number; readonly stdout: string; readonly stderr: string };

export type Tool = {
  readonly pid: number;
  readonly output: string;
  /** Resolves once `sign` was printed. */
  waitFor(sign: RegExp): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** Waits for its end; after a signal the status is 128 + the signal's number. */
  ended(withinMs?: number): Promise<ToolOutcome>;
};

/** Starts a program of the host without a terminal. It is killed when `t` ends. */
export function startTool(t: TestContext, words: readonly string[], options: ToolOptions = {}): Tool {
  const [file = "", ...rest] = [...(options.wrapper ?? []), ...words];
  const child = spawn(file, rest, {
    stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    env: { ...process.env, ...options.env },
  });
  child.stdin?.on("error", () => {}); // a process that has ended reads no more
  child.stdin?.end(options.input);
  const stdout = listenTo(child.stdout);
  const stderr = listenTo(child.stderr);
  const output = () => stdout.text + stderr.text;
  const hasClosed = () => stdout.hasEnded && stderr.hasEnded;
  t.after(() => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    if (hasFailed(t)) console.error(`${words.join(" ")} printed:\n${output()}`);
  });
  return {
    pid: child.pid ?? -1,
    get output() {
      return output();
    },
    waitFor: (sign) => {
      const isThere = () => {
        if (sign.test(output())) return true;
        if (hasClosed()) throw new Error(`it ended before: ${sign}`);
        return false;
      };
      return until(isThere, `${sign}`, 60_000);
    },
    signal: (name) => void child.kill(name),
    ended: async (withinMs = 60_000) => {
      const hasEnded = () => hasClosed() && (child.exitCode ?? child.signalCode) !== null;
      await until(hasEnded, `the end of ${words.join(" ")}`, withinMs);
      return { status: statusOf(child), stdout: stdout.text, stderr: stderr.text };
    },
  };
}

/** Runs a program of the host to its end. */
export function runTool(t: TestContext, words: readonly string[], options: ToolOptions = {}): Promise<ToolOutcome> {
  return startTool(t, words, options).ended();
}

/** Processes of this machine that run the program `name` with `word` among their words; the oldest first. */
export function processesOf(name: string, word: string): { readonly pid: number; readonly terminal: string }[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .sort((one, other) => one - other)
    .flatMap((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
        if (!words[0]?.endsWith(name) || !words.includes(word)) return [];
        return [{ pid, terminal: readlinkSync(`/proc/${pid}/fd/0`) }];
      } catch {
        return []; // gone meanwhile
      }
    });
}

const SIGNALS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGKILL: 9, SIGTERM: 15 };

function statusOf(child: ChildProcess): number {
  return child.exitCode ?? 128 + (SIGNALS[child.signalCode ?? ""] ?? 0);
}

function listenTo(stream: Readable | null): { text: string; hasEnded: boolean } {
  const heard = { text: "", hasEnded: stream === null };
  stream?.setEncoding("utf8").on("data", (text: string) => {
    heard.text += text;
  });
  stream?.on("close", () => {
    heard.hasEnded = true;
  });
  return heard;
}
