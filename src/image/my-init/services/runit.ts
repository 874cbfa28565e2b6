// Tested by src/image/my-init/main.test.ts.
import { RUNSVDIR } from "../../../container/runsv.ts";
import { SIGNAL } from "../../../core/signals.ts";
import type { Child } from "../../../linux/children.ts";
import { execFailure } from "../../../linux/exec-failure.ts";
import { fileFacts } from "../../../linux/files.ts";
import { SPAWN } from "../../../linux/linux.ts";
import { type Context, waitInShutdown } from "../context.ts";
import { forceToExit } from "../shutdown/force.ts";
import type { Subtrees } from "../shutdown/subtrees.ts";
import { prepareEssential } from "./essential.ts";
import { stopServices } from "./services.ts";

/** The name of runsvdir in a log whose lines name their service. */
const SERVICE = "runit";

/** What runsvdir and the services have in any case. */
const AT_LEAST_MS = 100;

/** How often runsvdir gets TERM. */
const SIGNAL_AGAIN_MS = 3;

/**
 * Starts runsvdir.
 *
 * @param directory where the services are
 * @param hasInput whether services may read my_init's standard input: not where a command reads it
 * @returns the child, or undefined where it could not be started; the reason was logged
 */
export function startRunit(context: Context, directory: string, hasInput: boolean): Child | undefined {
  const { log, children, environment, linux, streams } = context;
  log.info("Booting runit daemon...");
  makeSettled(context, directory);
  prepareEssential(context, directory);
  const environ = streams.environOfRunsvdir(environment.current);
  const program = { file: RUNSVDIR, argv: [RUNSVDIR, "-P", directory], environ };
  // A session of its own: Ctrl-C at the terminal is for the command, not for the services.
  const options = SPAWN.session | (hasInput ? 0 : SPAWN.noInput);
  const child = streams.of(SERVICE, (each) => children.spawn({ ...program, streams: each }, options));
  if (typeof child === "number") {
    log.warn(execFailure(linux, RUNSVDIR, child));
    return undefined;
  }
  log.info(`Runit started as PID ${child.pid}`);
  return child;
}

/**
 * runsvdir waits for a second before it looks into a directory that was changed in the present one: more could come. All
 * that the startup scripts bring is there, so it need not; what comes later gives the directory another time.
 */
function makeSettled({ linux }: Context, directory: string): void {
  const facts = fileFacts(linux, directory);
  const nowSeconds = Math.floor(linux.realtimeMs() / 1000);
  if (typeof facts === "number" || facts.modified < nowSeconds) return;
  linux.setModified(directory, nowSeconds - 1); // without the right to, runsvdir waits
}

/**
 * Stops runsvdir and then every service. With runsvdir gone nothing starts or restarts a
 * service, and the kernel hands us its runsv processes.
 *
 * @param haveFiles as for {@link stopServices}
 * @see runsvdir(8), docs/adr/0005-runsv-handed-over.md
 */
export function stopRunit(
  context: Context,
  subtrees: Subtrees,
  runsvdir: Child,
  deadlineMs: number,
  haveFiles: boolean,
): void {
  const { log, children, loop } = context;
  log.info(`Shutting down runit daemon (PID ${runsvdir.pid})...`);
  // Again and again: runsvdir does not notice a signal between its look for one and its sleep of 5 s.
  const endSignals = loop.tendTo(() => {
    children.signal(runsvdir, SIGNAL.SIGTERM);
    children.wake(runsvdir);
    return loop.nowMs + SIGNAL_AGAIN_MS;
  });
  const endMs = Math.max(deadlineMs, loop.nowMs + AT_LEAST_MS);
  if (!waitInShutdown(context, () => runsvdir.end !== undefined, endMs)) forceToExit(context, runsvdir);
  endSignals();

  // If runsvdir took all the time there was, services still have a moment.
  stopServices(context, subtrees, Math.max(deadlineMs, loop.nowMs + AT_LEAST_MS), haveFiles);
}
