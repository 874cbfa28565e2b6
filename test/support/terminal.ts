// A program at a terminal, as a user has it.
import { spawn } from "node:child_process";
import type { TestContext } from "node:test";
import { hasFailed } from "./has-failed.ts";
import { patient } from "./patience.ts";

export type Terminal = {
  readonly output: string;
  type(text: string): void;
  /** Resolves once `sign` is in the output; throws when the time is up or the program ended without. @param from begins to look there */
  waitFor(sign: RegExp, withinMs?: number, from?: number): Promise<void>;
  /** Closes the terminal, as a person closes its window. */
  close(): void;
  /** Waits for the program's end. @returns its status */
  ended(withinMs?: number): Promise<number>;
};

/** Runs the words at a terminal of their own. @param words plain ones, with nothing in them to be quoted */
export function startAtTerminal(t: TestContext, words: readonly string[]): Terminal {
  const child = spawn("script", ["-qefc", words.join(" "), "/dev/null"], { stdio: ["pipe", "pipe", "inherit"] });
  let output = "";
  let hasClosed = false; // after its end, once all its output was read
  let wake = () => {};
  const changed = () => new Promise<void>((done) => void (wake = done));
  child.stdin.on("error", () => {}); // a process that has ended reads no more
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    wake();
  });
  child.on("close", () => {
    hasClosed = true;
    wake();
  });
  t.after(() => {
    if (child.exitCode === null) child.kill("SIGKILL");
    if (hasFailed(t)) console.error(`the terminal showed:\n${output}`);
  });

  const until = async (isSo: () => boolean, what: string, withinMs: number) => {
    const end = performance.now() + patient(withinMs);
    const timer = setTimeout(() => wake(), patient(withinMs) + 1);
    while (!isSo()) {
      if (performance.now() > end || (hasClosed && what !== "its end"))
        throw new Error(`${what} never came:\n${output}`);
      await changed();
    }
    clearTimeout(timer);
  };
  return {
    get output() {
      return output;
    },
    type: (text) => void child.stdin.write(text),
    close: () => void child.kill("SIGKILL"),
    waitFor: (sign, withinMs = 60_000, from = 0) => until(() => sign.test(output.slice(from)), String(sign), withinMs),
    ended: async (withinMs = 60_000) => {
      await until(() => hasClosed, "its end", withinMs);
      return child.exitCode ?? -1;
    },
  };
}
