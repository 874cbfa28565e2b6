import { printable } from "../core/printable.ts";
import type { Streams } from "../linux/children.ts";
import { maxDescriptors } from "../linux/descriptors.ts";
import { ERRNO } from "../linux/errno.ts";
import type { Linux } from "../linux/linux.ts";
import type { Stream } from "./log-line.ts";

/*
 * The FIFOs between the services and log_lines, which writes the container's log: a directory that no other user can
 * read, with `NAME.stdout` and `NAME.stderr` for each service.
 */

/** A process that has it as its output may open it again to write, also as another user. */
const MODE = 0o622;

/** The sticky and setuid bits, which have no meaning for a FIFO. */
const TORN: Readonly<Record<Stream, number>> = { stdout: 0o1000, stderr: 0o4000 };

/** The directory of our programs that users do not call by name; some of them replace other programs. */
export const OWN_PROGRAMS = "/usr/lib/baseimage";

/** The service of my_init's own lines, and its FIFO: when it has no writer, the container ends. */
export const OWN_SERVICE = "my_init";
export const OWN_LOG = `${OWN_SERVICE}.stderr`;

/** The service that has the lines of services for which log_lines has no descriptors. */
const OTHER_SERVICES = "others";

/** Descriptors of log_lines that are no FIFOs (with a reserve), and the FIFOs of {@link OTHER_SERVICES}. */
const RESERVED_DESCRIPTORS = 16 + 2;

/** If fewer descriptors than this are left, FIFOs are counted under a lock. */
const NEAR_LIMIT = 256;

/** A file in the directory; no FIFO. */
const LOCK = "lock";

/** How often to try to lock, a millisecond apart: a process may be stopped while it has the lock. */
const LOCK_TRIES = 100;

const STREAMS = ["stdout", "stderr"] as const;

/** Passes the directory to our `runsv`. */
export const LOG_DIRECTORY_VARIABLE = "MY_INIT_LOG_DIRECTORY";

/** The FIFO of a service. */
export function fifoPath(directory: string, service: string, stream: Stream): string {
  return `${directory}/${service}.${stream}`;
}

/** The service and stream of a FIFO; undefined if the file is no FIFO. */
export function ownerOfFifo(name: string): { readonly service: string; readonly stream: Stream } | undefined {
  const dot = name.lastIndexOf(".");
  const stream = name.slice(dot + 1);
  if (dot <= 0 || (stream !== "stdout" && stream !== "stderr")) return undefined;
  return { service: name.slice(0, dot), stream };
}

/** Makes a FIFO, unless it is there. @returns 0 or a negated errno */
export function makeFifo(linux: Linux, path: string): number {
  const made = linux.makeFifo(path, MODE);
  // The umask has removed bits.
  return made === 0 ? linux.chmod(path, MODE) : made === -ERRNO.EEXIST ? 0 : made;
}

/**
 * Makes the FIFOs of a service, unless they exist. If log_lines has no descriptors left for them, the service shares
 * the FIFOs of {@link OTHER_SERVICES}.
 *
 * @param warn called with a sentence when there is no room left, once in the life of the directory
 * @returns the service whose FIFOs to use
 */
export function makeFifos(linux: Linux, directory: string, service: string, warn: (message: string) => void): string {
  const max = maxDescriptors(linux);
  const hasRoomFor = (more: number) => {
    const names = linux.listDir(directory);
    return typeof names === "number" || names.length + more <= max - RESERVED_DESCRIPTORS;
  };
  const exists = (name: string) => typeof linux.stat(fifoPath(directory, name, "stdout")) !== "number";
  // Other services start at the same time. Near the limit, only one process at a time counts and makes FIFOs.
  const lock = hasRoomFor(NEAR_LIMIT) ? -1 : waitForLock(linux, `${directory}/${LOCK}`);
  const owner = exists(service) || hasRoomFor(STREAMS.length) ? service : OTHER_SERVICES;
  if (owner !== service && !exists(owner)) warn(noPlaceWords(service, max));
  for (const stream of STREAMS) makeFifo(linux, fifoPath(directory, owner, stream));
  if (lock >= 0) linux.close(lock);
  return owner;
}

function noPlaceWords(service: string, max: number): string {
  const what = `the log lines of "${printable(service)}" and of services that start later`;
  return `cannot name ${what}: the hard limit of open files is ${max}; they are of "${OTHER_SERVICES}"; raise it (docker run --ulimit nofile=NUMBER)`;
}

/** @returns the descriptor of the lock; below 0: not locked in time, so two processes may count at the same time */
function waitForLock(linux: Linux, path: string): number {
  linux.writeFile(path, "", true);
  let lock = linux.lock(path);
  for (let tries = 0; lock === -ERRNO.EAGAIN && tries < LOCK_TRIES; tries++) {
    linux.poll([], [], 1);
    lock = linux.lock(path);
  }
  return lock;
}

/**
 * Notes the streams that log_lines may leave in the middle of a line, for its successor if it is killed. The note is in
 * the mode of my_init's FIFO: one call, which wakes no watch of the directory.
 */
export function markTorn(linux: Linux, directory: string, streams: readonly Stream[]): void {
  linux.chmod(
    `${directory}/${OWN_LOG}`,
    streams.reduce((mode, stream) => mode | TORN[stream], MODE),
  );
}

/** The streams that {@link markTorn} has noted. */
export function tornStreams(linux: Linux, directory: string): Stream[] {
  const facts = linux.stat(`${directory}/${OWN_LOG}`);
  return typeof facts === "number" ? [] : STREAMS.filter((stream) => (facts[0] & TORN[stream]) !== 0);
}

/** Opens both FIFOs of a service for writing; -1: one cannot be opened. */
export function openStreams(linux: Linux, directory: string, service: string): Streams {
  const open = (stream: Stream) => Math.max(-1, linux.openToShare(fifoPath(directory, service, stream)));
  return { stdout: open("stdout"), stderr: open("stderr") };
}

export function closeStreams(linux: Linux, { stdout, stderr }: Streams): void {
  for (const fd of [stdout, stderr]) if (fd >= 0) linux.close(fd);
}
