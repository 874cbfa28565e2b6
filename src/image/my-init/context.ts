// Tested by src/image/my-init/main.test.ts.
import type { Children } from "../../linux/children.ts";
import { DirectoryWatch } from "../../linux/directory-watch.ts";
import type { EventLoop } from "../../linux/event-loop.ts";
import type { Linux } from "../../linux/linux.ts";
import { ContainerEnvironment } from "./environment.ts";
import type { Log } from "./logs/log.ts";
import { LogStreams } from "./logs/log-streams.ts";
import type { StopRequest } from "./stop-request.ts";
import { Terminal } from "./terminal.ts";
import { Timeline } from "./timeline.ts";
import { Unavailable } from "./unavailable.ts";

/** The objects that all parts of my_init share, made once in main.ts. */
export interface Context {
  readonly linux: Linux;
  readonly log: Log;
  readonly unavailable: Unavailable;
  readonly children: Children;
  readonly loop: EventLoop;
  readonly directories: DirectoryWatch;
  readonly environment: ContainerEnvironment;
  readonly stop: StopRequest;
  readonly terminal: Terminal;
  readonly timeline: Timeline;
  readonly streams: LogStreams;
}

/** Makes the shared objects that are made from the others. */
export function makeContext(given: Pick<Context, "linux" | "log" | "children" | "loop" | "stop">): Context {
  const { linux, log, loop } = given;
  const unavailable = new Unavailable(linux, log);
  return {
    ...given,
    unavailable,
    environment: new ContainerEnvironment(linux, log, unavailable),
    directories: new DirectoryWatch(linux, loop),
    terminal: new Terminal(linux),
    timeline: new Timeline(linux),
    streams: new LogStreams(linux, log),
  };
}

/**
 * Waits until `isDone()`, at most until `deadlineMs`, or one second after a repeated request to stop.
 *
 * @param pollIntervalMs as for {@link EventLoop.waitUntil}
 * @returns whether it is done
 */
export function waitInShutdown(
  { loop, stop }: Context,
  isDone: () => boolean,
  deadlineMs: number,
  pollIntervalMs?: number,
): boolean {
  const startMs = loop.nowMs;
  return loop.waitUntil(isDone, () => stop.hurried(startMs, deadlineMs), pollIntervalMs);
}
