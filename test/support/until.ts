import { patient } from "./patience.ts";

/**
 * Asks again and again until the answer is yes. For what gives no sign by itself.
 *
 * @param what what the test waits for; a function makes the text when the time is up
 */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  what: string | (() => string),
  withinMs = 60_000,
  everyMs = 5,
): Promise<void> {
  const end = performance.now() + patient(withinMs);
  while (!(await isSo())) {
    if (performance.now() > end)
      throw new Error(`not within ${patient(withinMs)} ms: ${typeof what === "string" ? what : what()}`);
    await new Promise((done) => setTimeout(done, everyMs));
  }
}
