import { toEnviron } from "../../../core/container-env.ts";
import type { Child } from "../../../linux/children.ts";
import { isExecutable } from "../../../linux/files.ts";
import { SPAWN } from "../../../linux/linux.ts";
import type { Context } from "../context.ts";

/** Rotates logs that have grown too large. It prints nothing. An image without logrotate does not have it. */
export const ROTATION_SCRIPT = "/usr/lib/baseimage/rotate-when-large";

const INTERVAL_MS = 60_000;

/**
 * Runs {@link ROTATION_SCRIPT} once a minute, as root only. cron would log a line each time.
 *
 * @returns a function that ends it; a script that is running goes on
 * @see docs/adr/0017-rotation-by-my-init.md
 */
export function tendToRotation({ children, environment, linux, loop }: Context): () => void {
  if (linux.getEuid() !== 0 || !isExecutable(linux, ROTATION_SCRIPT)) return () => {};
  let child: Child | number | undefined;
  let dueMs = loop.nowMs + INTERVAL_MS;
  return loop.tendTo(() => {
    if (loop.nowMs < dueMs) return dueMs;
    dueMs = loop.nowMs + INTERVAL_MS;
    if (typeof child === "object" && child.end === undefined) return dueMs;
    const program = { file: ROTATION_SCRIPT, argv: [ROTATION_SCRIPT], environ: toEnviron(environment.current) };
    child = children.spawn(program, SPAWN.session | SPAWN.noInput);
    return dueMs;
  });
}
