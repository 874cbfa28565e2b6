import { printable } from "../core/printable.ts";
import type { Streams } from "../linux/children.ts";
import { maxDescriptors } from "../linux/descriptors.ts";
import { ERRNO } from "../linux/errno.ts";
import type { Linux } from "../linux/linux.ts";
import type { Stream } from "./log-line.ts";

/*
 * FIFOs through which what services print comes to the one program that writes the container's log: a directory
 * that nobody else can look into, and in it `NAME.stdout` and `NAME.stderr` for each service.
 */

/** Who has its standard output (of another user than made it, say) may open it again, to write. */
const MODE = 0o622;

/** The bits sticky and setuid, which mean nothing for a FIFO. */
const TORN: Readonly<Record<Stream, number>> = { stdout: 0o1000, stderr: 0o4000 };

/** Programs of ours that nobody calls by name, in the place of others among them. */
export const OWN_PROGRAMS = "/usr/lib/baseimage";

/** The service that my_init's own lines are of, and its FIFO: without a writer, it is the end of the container. */
export const OWN_SERVICE = "my_init";
export const OWN_LOG = `${OWN_SERVICE}.stderr`;

/** Has the lines of services for which log_lines has no descriptors. */
const OTHER_SERVICES = "others";

/** What log_lines has open beside FIFOs, with some to spare, and the FIFOs of {@link OTHER_SERVICES}. */
const RESERVED_DESCRIPTORS = 16 + 2;

/** With less room than for so many FIFOs it is counted under a lock. */
const NEAR_LIMIT = 256;

/** A file of the directory; no FIFO. */
const LOCK = "lock";

/** How often to ask for the lock, a millisecond apart: its holder may be stopped, and must not hold up all the others. */
const LOCK_TRIES = 100;

const STREAMS = ["stdout", "stderr"] as const;

/** Tells `runsv` of ours where the directory is. */
export const LOG_DIRECTORY_VARIABLE = "MY_INIT_LOG_DIRECTORY";

/** The FIFO of a service. */
export function fifoPath(directory: string, service: string, stream: Stream): string {
  return `${directory}/${service}.${stream}`;
}

/** Whose FIFO a file of the directory is; undefined where it is none. */
export function ownerOfFifo(name: string): { readonly service: string; readonly stream: Stream } | undefined {
  const dot = name.lastIndexOf(".");
  const stream = name.slice(dot + 1);
  if (dot <= 0 || (stream !== "stdout" && stream !== "stderr")) return undefined;
  return { service: name.slice(0, dot), stream };
}

/** Makes a FIFO, unless it is there. @returns 0 or a negated errno */
export function makeFifo(linux: Linux, path: string): number {
  const made = linux.makeFifo(path, MODE);
  // What the umask has taken away.
  return made === 0 ? linux.chmod(path, MODE) : made === -ERRNO.EEXIST ? 0 : made;
}

/**
 * Makes the FIFOs of a service, unless they are there. Where log_lines could not open them too, as its limit of
 * descriptors is reached, the service shares those of {@link OTHER_SERVICES}.
 *
 * @param warn called with a sentence, once in the life of the directory, when there is no place left
 * @returns the service whose FIFOs are to be used
 */
export function makeFifos(linux: Linux, directory: string, service: string, warn: (message: string) => void): string {
  const max = maxDescriptors(linux);
  const hasRoomFor = (more: number) => {
    const names = linux.listDir(directory);
    return typeof names === "number" || names.length + more <= max - RESERVED_DESCRIPTORS;
  };
  const exists = (name: string) => typeof linux.stat(fifoPath(directory, name, "stdout")) !== "number";
  // Others start at the same time. Near the limit one process after the other counts and makes.
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

/** @returns a descriptor that holds the lock; below 0: it was not to be had in time, which only means that two may count at once */
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
 * Notes in the directory in which streams what log_lines has written may end in the middle of a line: one that comes after a
 * killed one sees it. The note is in the mode of my_init's FIFO, which costs one call and wakes nobody who watches the directory.
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

/** Opens both FIFOs of a service to print to; what cannot be had is -1. */
export function openStreams(linux: Linux, directory: string, service: string): Streams {
  const open = (stream: Stream) => Math.max(-1, linux.openToShare(fifoPath(directory, service, stream)));
  return { stdout: open("stdout"), stderr: open("stderr") };
}

/** Closes what {@link openStreams} opened. */
export function closeStreams(linux: Linux, { stdout, stderr }: Streams): void {
  for (const fd of [stdout, stderr]) if (fd >= 0) linux.close(fd);
}
