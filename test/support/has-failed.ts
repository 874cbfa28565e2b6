import type { TestContext } from "node:test";

/** Whether the test has failed, for what is called after its end. Always false before Node 20.12. */
export function hasFailed(t: TestContext): boolean {
  return (t as { passed?: boolean }).passed === false;
}
