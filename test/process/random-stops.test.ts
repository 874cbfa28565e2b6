// A stop at a random moment of boot and life, with random STOP, CONT, TERM and KILL to children of PID 1 before it: it
// never hangs, and the events explain the exit status.
//
//   SEED=42 RUNS=1 make test-process FILES=test/process/random-stops.test.ts      repeats one choice
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { isSanitized, processRing, startInit, until } from "../support/process.ts";

const FIRST_SEED = Number(process.env["SEED"] ?? 1);
const RUNS = Number(process.env["RUNS"] ?? (isSanitized ? 10 : 100));

const SHUTDOWN_SECONDS = 3;
/** After the budget: a second for killed processes, a second for the last messages, and a machine that is very busy. */
const MARGIN_MS = 57_000;

/** Numbers from 0 to 1 that a seed fixes. */
function chance(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}

const scripts = {
  "/etc/my_init.d/10_a": "sleep 0.05",
  "/etc/my_init.d/20_b": "sleep 0.05",
  "/etc/service/one/run": "exec /fixtures/says-goodbye.sh one",
  "/etc/service/two/run": 'trap "exit 0" TERM; while :; do sleep 0.02; done',
  "/etc/my_init.pre_shutdown.d/10_a": "sleep 0.02",
  "/etc/my_init.post_shutdown.d/10_a": "sleep 0.02",
};

describe("stops at random moments, with random signals", { ...processRing, concurrency: 4 }, () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
    test(`SEED=${seed}`, async (t) => {
      const next = chance(seed);
      const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
      const hasCommand = next() < 0.5;
      const env = { PATH: "/usr/bin:/bin", SHUTDOWN_TIMEOUT: String(SHUTDOWN_SECONDS) };
      const init = await startInit(t, { env, scripts, args: hasCommand ? ["--", "sleep", "1000"] : [] });
      await until(() => {
        return init.isGone || !/^SigBlk:\s+0+$/m.test(readFileSync(`/proc/${init.pid}/status`, "latin1"));
      }, "it blocks signals");
      const fatal: string[] = [];
      for (let count = Math.floor(next() * 8); count > 0 && !init.isGone; count--) {
        await pause(next() * 60);
        const child = pick(init.processes().filter(({ parent, state }) => parent === 1 && state !== "Z"));
        const signal = pick(["STOP", "CONT", "TERM", "KILL"]);
        if (child === undefined) continue;
        if (signal === "TERM" || signal === "KILL") fatal.push(`${signal} ${child.name}`);
        await init.exec(`kill -${signal} ${child.pid} || :`).catch(() => {}); // the container may have ended meanwhile
      }
      await pause(next() * 200);
      try {
        init.signal("SIGTERM");
      } catch {} // it has ended already
      const { output, status } = await init.ended(SHUTDOWN_SECONDS * 1000 + MARGIN_MS);
      // If no child got a fatal signal, the stop alone decides; each fatal signal may have ended the container first.
      const asked = hasCommand ? [143] : [0];
      const allowed = fatal.length === 0 ? asked : [...asked, 1, 137, 143];
      assert.ok(allowed.includes(status), `status ${status} after ${fatal.join(", ") || "no death"}\n${output}`);
    });
  }
});
