// Stands in for node:test on QuickJS: runs each test immediately and prints a line of TAP.

declare global {
  /** From native/run-tests.c: writes a line to standard output. */
  function print(line: string): void;
  /** Read by native/run-tests.c: tests that failed. */
  var failedTests: number;
  var passedTests: number;
}

globalThis.failedTests = 0;
globalThis.passedTests = 0;

/** Runs a test that is synchronous and asks nothing of its context. */
export function test(title: string, body: () => void): void {
  try {
    body();
    globalThis.passedTests++;
    print(`ok ${number()} - ${title}`);
  } catch (error) {
    globalThis.failedTests++;
    print(`not ok ${number()} - ${title}`);
    const lines = error instanceof Error ? `${error.message}\n${error.stack ?? ""}` : String(error);
    for (const line of lines.split("\n")) print(`# ${line}`);
  }
}

function number(): number {
  return globalThis.passedTests + globalThis.failedTests;
}
