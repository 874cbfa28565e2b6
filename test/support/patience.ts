/** How many times longer the tests wait on a machine that is slow. */
const factor = Number(process.env["TEST_PATIENCE"] || "1");
if (!(factor >= 1)) throw new Error("TEST_PATIENCE must be a number, 1 or more");

/** A time limit of a test, on this machine. For limits only: a test waits for an event. */
export function patient(ms: number): number {
  return ms * factor;
}
