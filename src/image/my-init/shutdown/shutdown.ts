// Tested by src/image/my-init/main.test.ts.
import { SCRIPTS } from "../../../container/scripts.ts";
import { printable } from "../../../core/printable.ts";
import { SIGNAL } from "../../../core/signals.ts";
import type { Child } from "../../../linux/children.ts";
import type { Boot } from "../boot.ts";
import { stopCommand } from "../command.ts";
import { type Context, waitInShutdown } from "../context.ts";
import { failureWords } from "../outcome.ts";
import { scriptsIn, startScript } from "../scripts.ts";
import { stopRunit } from "../services/runit.ts";
import { Budget, readLimits } from "./budget.ts";
import { forceToExit } from "./force.ts";
import { stopRemainingProcesses } from "./stop-remaining.ts";
import { Subtrees } from "./subtrees.ts";

/** How long a startup script that was running may go on undisturbed before it gets TERM. */
const LET_FINISH_MS = 3000;

/**
 * Takes the container down, in the order of docs/reference/my_init.md. It ends whatever its parts do: each
 * wait has a deadline, and no failure of a part keeps the next from running.
 *
 * @param signal what the command gets: the signal that came
 * @param killsAll false: other processes are left alone at the end
 * @returns how long it might take, in milliseconds
 */
export function shutDown(
  context: Context,
  { logWriter, runsvdir, script, services, syslog }: Boot,
  command: Child | undefined,
  signal: number,
  killsAll: boolean,
): number {
  const { environment, log, loop, timeline } = context;
  timeline.beginShutdown();
  const limits = readLimits(environment.current, (message) => log.warn(message));
  const [before, after] = [scriptsIn(context, SCRIPTS.preShutdown), scriptsIn(context, SCRIPTS.postShutdown)];
  const stopped = [script, command, runsvdir].filter((child) => child !== undefined);
  const budget = new Budget(limits, loop.nowMs, {
    process: stopped.length + before.length + after.length + (killsAll ? 1 : 0),
    // System log, log lines, the last KILL.
    own: logWriter.isUsed ? 3 : 2,
  });
  const subtrees = new Subtrees(context, killsAll);

  if (script !== undefined) {
    timeline.begin("startup script");
    stopScript(context, subtrees, script, budget.step("process", loop.nowMs));
  }
  if (command !== undefined) {
    if (command.end === undefined) timeline.begin("command");
    stopCommand(context, subtrees, command, signal, budget.step("process", loop.nowMs));
  }
  for (const path of before) runShutdownScript(context, path, budget.step("process", loop.nowMs));
  if (runsvdir !== undefined) {
    timeline.begin("services");
    services.endRecords();
    stopRunit(context, subtrees, runsvdir, budget.step("process", loop.nowMs), services.haveFiles);
  }
  for (const path of after) runShutdownScript(context, path, budget.step("process", loop.nowMs));
  subtrees.end();
  if (killsAll) {
    timeline.begin("all other processes");
    stopRemainingProcesses(context, subtrees, budget.step("all", loop.nowMs), [syslog, logWriter]);
  }
  if (syslog.pid !== undefined) timeline.begin("system log");
  syslog.stop(budget.step("own", loop.nowMs));
  if (logWriter.isUsed) {
    timeline.begin("log lines");
    logWriter.stop(budget.step("own", loop.nowMs), killsAll);
  }
  return limits.wholeMs;
}

/** A startup script is let finish if it soon does: cut off in the middle it may leave half of its work behind. */
function stopScript(context: Context, subtrees: Subtrees, script: Child, deadlineMs: number): void {
  const nowMs = context.loop.nowMs;
  const patienceMs = nowMs + Math.min(LET_FINISH_MS, (deadlineMs - nowMs) / 3);
  const hasEnded = () => script.end !== undefined;
  if (waitInShutdown(context, hasEnded, patienceMs)) return;
  // TERM whatever came: a shell puts SIGINT off until the program that it waits for has ended.
  subtrees.stopChild(script, SIGNAL.SIGTERM, deadlineMs);
  if (!waitInShutdown(context, hasEnded, deadlineMs)) forceToExit(context, script);
}

/** Runs one script of the shutdown. If it fails or hangs, that is logged, and stops nothing. */
function runShutdownScript(context: Context, path: string, deadlineMs: number): void {
  const { log, terminal, timeline } = context;
  timeline.begin(path);
  const script = startScript(context, path, terminal.groupOption);
  if (typeof script === "number") return;
  if (!waitInShutdown(context, () => script.end !== undefined, deadlineMs)) forceToExit(context, script);
  terminal.takeBack();
  if (script.end !== undefined && (script.end.how === "killed" || script.end.code !== 0)) {
    log.warn(`${printable(path)} ${failureWords(script.end)}`);
  }
}
