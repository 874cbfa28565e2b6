// Tested by src/image/my-init/main.test.ts.
import { STATUS_CANNOT_RUN, STATUS_NOT_FOUND } from "../../core/child-end.ts";
import { toEnviron } from "../../core/container-env.ts";
import { printable } from "../../core/printable.ts";
import { SIGNAL } from "../../core/signals.ts";
import type { Child } from "../../linux/children.ts";
import { execFailure } from "../../linux/exec-failure.ts";
import { lookupCommand } from "../../linux/path-lookup.ts";
import { ignoresSignal } from "../../linux/processes.ts";
import { type Context, waitInShutdown } from "./context.ts";
import { killedWords } from "./outcome.ts";
import { forceToExit } from "./shutdown/force.ts";
import type { Subtrees } from "./shutdown/subtrees.ts";

/**
 * Starts the main command, in a process group of its own; with a terminal that is the foreground
 * group, so that job control works in it and Ctrl-C is for it alone.
 *
 * @returns the child; or, if it could not be started, the exit status to report, after a warning
 */
export function startCommand(context: Context, words: readonly string[]): Child | number {
  const { linux, log, children, environment, terminal } = context;
  const name = words[0] ?? "";
  log.info(`Running ${printable(words.join(" "))}...`);
  const lookup = lookupCommand(linux, name, environment.current.get("PATH"));
  if (lookup.kind === "not-found") {
    const where = name.includes("/") ? "" : " in PATH";
    const hint = name.includes(" ") && words.length === 1 ? "; write it without quotes, or after sh -c" : "";
    log.warn(`cannot run "${printable(name)}": not found${where} (ENOENT)${hint}`);
    return STATUS_NOT_FOUND;
  }
  if (lookup.kind === "not-executable") {
    log.warn(execFailure(linux, lookup.path, lookup.errno));
    return STATUS_CANNOT_RUN;
  }
  const program = { file: lookup.path, argv: words, environ: toEnviron(environment.current) };
  const child = children.spawn(program, terminal.groupOption, terminal.fd);
  if (typeof child !== "number") return child;
  log.warn(execFailure(linux, lookup.path, child));
  return STATUS_CANNOT_RUN;
}

/** Logs the command's end. */
export function reportCommand({ log }: Context, words: readonly string[], child: Child): void {
  if (child.startError !== undefined) return; // already in a warning
  const name = printable(words[0] ?? "");
  if (child.end?.how === "exited") log.info(`${name} exited with exit code ${child.end.code}.`);
  if (child.end?.how === "killed") log.info(`${name} ${killedWords(child.end.signal)}.`);
}

/** Passes on the signal that asked for shutdown, waits, and kills the command at the deadline. */
export function stopCommand(
  context: Context,
  subtrees: Subtrees,
  command: Child,
  signal: number,
  deadlineMs: number,
): void {
  const { children, linux, log, terminal } = context;
  if (command.end !== undefined) return;
  log.info(`Shutting down the command (PID ${command.pid})...`);
  subtrees.stopChild(command, signal, deadlineMs);
  // A shell at a terminal ignores TERM, but ends by HUP.
  if (terminal.isOurs && ignoresSignal(linux, command.pid, signal)) children.signal(command, SIGNAL.SIGHUP);
  if (!waitInShutdown(context, () => command.end !== undefined, deadlineMs)) forceToExit(context, command);
  terminal.takeBack();
}
