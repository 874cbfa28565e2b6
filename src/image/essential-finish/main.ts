import { askForExit } from "../../container/exit-request.ts";
import { keepDown } from "../../container/keep-down.ts";
import { log, type Service, serviceHere } from "../../container/own-service.ts";
import { ENDED, isEssential, OWN_FINISH, SUPERVISE } from "../../container/runsv.ts";
import { wasAsked } from "../../container/service-end.ts";
import { exitStatus, finishEnd } from "../../core/child-end.ts";
import { printable } from "../../core/printable.ts";
import { isEnding } from "../../core/signals.ts";
import { Children } from "../../linux/children.ts";
import { EventLoop } from "../../linux/event-loop.ts";
import { execFailure } from "../../linux/exec-failure.ts";
import { isExecutable, writeAnew } from "../../linux/files.ts";
import type { Linux } from "../../linux/linux.ts";
import { Output } from "../../linux/output.ts";
import { attempt, STATUS_USAGE, STDERR } from "../../linux/program.ts";

/**
 * Runs the own `finish` of a service that has a file `essential`, then ends the container with the service's status, if
 * the service has ended by itself. Our program `./finish` executes it.
 *
 * @returns its exit status
 * @see runsv(8), docs/reference/container_exit.md
 */
export function main(linux: Linux): number {
  const service = serviceHere(linux);
  const words = linux.argv.slice(1);
  const end = finishEnd(words[0] ?? "", words[1] ?? "");
  if (end === undefined) return STATUS_USAGE;
  const endedBy = runOwn(linux, service, words);
  if (endedBy !== undefined) return 128 + endedBy;
  const supervise = `${service.directory}/${SUPERVISE}`;
  if (!isEssential(linux, service.directory) || wasAsked(linux, supervise)) return 0;
  return attempt(linux, `*** ${printable(service.name)}`, () => {
    // For the line in which my_init names the service.
    writeAnew(linux, `${supervise}/${ENDED}`, `${words[0]} ${words[1]}\n`);
    try {
      askForExit(linux, exitStatus(end));
    } catch (error) {
      linux.unlink(`${supervise}/${ENDED}`);
      throw error;
    }
    // It need not be started once more for the moments that are left.
    keepDown(linux, service);
    return 0;
  });
}

/** Runs the service's own `finish`, and waits for its end. @returns the signal that ended the wait, if one has */
function runOwn(linux: Linux, service: Service, words: readonly string[]): number | undefined {
  const file = `./${OWN_FINISH}`;
  if (!isExecutable(linux, file)) return undefined;
  let endedBy: number | undefined;
  const children = new Children(linux);
  const loop = new EventLoop(linux, children, new Output(linux, STDERR), (signal) => {
    if (isEnding(signal)) endedBy ??= signal;
  });
  const child = children.spawn({ file, argv: [file, ...words], environ: linux.environ }, 0);
  loop.waitUntil(
    () => typeof child === "number" || child.end !== undefined || endedBy !== undefined,
    () => Number.POSITIVE_INFINITY,
  );
  const errno = typeof child === "number" ? child : child.startError;
  if (errno !== undefined) {
    const path = linux.realPath(file); // the author knows the path in /etc/service
    log(linux, service, execFailure(linux, typeof path === "number" ? file : path, errno));
  }
  return endedBy;
}
