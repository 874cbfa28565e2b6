// Waiting, without a second thing going on meanwhile.

/** @import { Engine } from "./engine.mjs" */

const UP_SECONDS = 100;

/** @param {number} ms */
export function sleepMs(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/**
 * Waits until `count` services of fixtures/service.sh have their handler in place.
 *
 * @param {Engine} engine
 * @param {string} container
 * @param {number} count
 */
export function waitUntilUp(engine, container, count) {
  const { status, stderr } = engine.attempt([
    "exec",
    container,
    "/bench/until-up.sh",
    String(count),
    String(UP_SECONDS),
  ]);
  if (status === 0) return;
  const log = engine.attempt(["logs", "--tail", "20", container]);
  throw new Error(`${stderr.trim()}; the container's log ends:\n${log.stdout}${log.stderr}`);
}
