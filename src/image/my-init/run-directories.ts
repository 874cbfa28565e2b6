import { toEnviron } from "../../core/container-env.ts";
import { execFailure } from "../../linux/exec-failure.ts";
import { isExecutable, MAKE_FILES } from "../../linux/files.ts";
import { SPAWN } from "../../linux/linux.ts";
import { mountedOn } from "../../linux/mounts.ts";
import type { Context } from "./context.ts";
import { failureWords } from "./outcome.ts";

const PLACE = "/run";
const NAME = "systemd-tmpfiles";
const PROGRAM = `/usr/bin/${NAME}`;
const ARGV = [NAME, "--create", "--boot", `--prefix=${PLACE}`];

/** It takes ten milliseconds or so. */
const LIMIT_MS = 5000;

/**
 * If a file system is mounted on /run, it hides the directories that packages have there: makes them again, by their
 * files in tmpfiles.d. In an image whose /run is its own they were made when the packages were installed.
 *
 * A failure is logged, and stops nothing.
 */
export function makeRunDirectories({
  children,
  environment,
  linux,
  log,
  loop,
  stop,
  streams,
  timeline,
}: Context): void {
  if (linux.getEuid() !== 0 || !isExecutable(linux, PROGRAM)) return;
  if (mountedOn(linux, PLACE) === undefined || linux.access(PLACE, MAKE_FILES) !== 0) return;
  timeline.begin(NAME);
  const program = { file: PROGRAM, argv: ARGV, environ: toEnviron(environment.current) };
  const child = streams.of(NAME, (each) =>
    children.spawn({ ...program, streams: each }, SPAWN.session | SPAWN.noInput),
  );
  if (typeof child === "number") {
    log.warn(execFailure(linux, PROGRAM, child));
    return;
  }
  const deadlineMs = loop.nowMs + LIMIT_MS;
  loop.waitUntil(
    () => child.end !== undefined || stop.signal !== undefined,
    () => deadlineMs,
  );
  const { end } = child;
  if (end === undefined) {
    if (stop.signal === undefined) log.warn(`${NAME} has not ended after ${LIMIT_MS / 1000} seconds; the boot goes on`);
  } else if (end.how === "killed" || end.code !== 0) {
    log.warn(`${NAME} ${failureWords(end)}; directories of packages may be missing in ${PLACE}`);
  }
}
