import assert from "node:assert/strict";
import { test } from "node:test";
import { Budget, readLimits } from "./budget.ts";

function limits(env: Record<string, string>) {
  const warnings: string[] = [];
  const read = readLimits(new Map(Object.entries(env)), (warning) => warnings.push(warning));
  return { ...read, warnings: warnings.length };
}

test("the whole takes 9 seconds, in Kubernetes 28, unless the environment has another value", () => {
  assert.equal(limits({}).wholeMs, 9000);
  assert.equal(limits({ KUBERNETES_SERVICE_HOST: "" }).wholeMs, 28_000);
  assert.equal(limits({ KUBERNETES_SERVICE_HOST: "10.0.0.1", SHUTDOWN_TIMEOUT: "5" }).wholeMs, 5000);
  assert.equal(limits({ SHUTDOWN_TIMEOUT: "0" }).wholeMs, 0);
});

test("the two limits of old count as given, and the whole is their sum", () => {
  const both = limits({ KILL_PROCESS_TIMEOUT: "30", KILL_ALL_PROCESSES_TIMEOUT: "20" });
  assert.deepEqual([both.processMs, both.allMs, both.wholeMs], [30_000, 20_000, 50_000]);
  const one = limits({ KILL_PROCESS_TIMEOUT: "30" });
  assert.deepEqual([one.processMs, one.allMs, one.wholeMs], [30_000, undefined, 39_000]);
});

test("a value that is no whole number of seconds is warned of, once, and the default stands", () => {
  for (const value of ["", "soon", "1.5", "-1", " 5", "1e3", "9999999999"]) {
    assert.deepEqual(limits({ SHUTDOWN_TIMEOUT: value }), {
      wholeMs: 9000,
      processMs: undefined,
      allMs: undefined,
      warnings: 1,
    });
  }
});

test("a step that hangs leaves every later one a share of the whole, and our own steps what they need", () => {
  for (const wholeMs of [9000, 24_000, 600_000]) {
    const share = wholeMs / 12;
    const endMs = 1000 + wholeMs;
    const budget = new Budget({ wholeMs, processMs: undefined, allMs: undefined }, 1000, { process: 3, own: 2 });
    assert.equal(budget.step("process", 1000), endMs - 2 * share - 2 * 500);
    assert.equal(budget.step("process", endMs - 2 * share - 1000), endMs - share - 2 * 500);
    assert.equal(budget.step("all", endMs - share - 1000), endMs - 2 * 500);
    assert.equal(budget.step("own", endMs - 1000), endMs - 500);
  }
});

test("what an early step does not use is for the next", () => {
  const budget = new Budget({ wholeMs: 9000, processMs: undefined, allMs: undefined }, 0, { process: 2, own: 1 });
  assert.equal(budget.step("process", 0), 9000 - 750 - 500);
  assert.equal(budget.step("all", 100), 9000 - 500);
});

test("in a small budget the reserves are small too, and no deadline lies in the past", () => {
  const budget = new Budget({ wholeMs: 100, processMs: undefined, allMs: undefined }, 0, { process: 8, own: 2 });
  assert.equal(budget.step("process", 0), 100 - 9 * 5);
  assert.equal(budget.step("process", 500), 500);
});

test("a limit of its own ends a step sooner", () => {
  const budget = new Budget({ wholeMs: 9000, processMs: 2000, allMs: 100 }, 0, { process: 2, own: 0 });
  assert.equal(budget.step("process", 0), 2000);
  assert.equal(budget.step("all", 1000), 1100);
});
