import type { Stream } from "../core/log-line.ts";
import type { Streams } from "./children.ts";
import { ERRNO } from "./errno.ts";
import type { Linux } from "./linux.ts";

/*
 * FIFOs through which what services print comes to the one program that writes the container's log: a folder
 * that nobody else can look into, and in it `NAME.stdout` and `NAME.stderr` for each service.
 */

/** Who has its standard output (of another user than made it, say) may open it again, to write. */
const MODE = 0o622;

/** Programs of ours that nobody calls by name, in the place of others among them. */
export const OWN_PROGRAMS = "/usr/lib/baseimage";

/** The service that my_init's own lines are of, and its FIFO: without a writer, it is the end of the container. */
export const OWN_SERVICE = "my_init";
export const OWN_LOG = `${OWN_SERVICE}.stderr`;

/** Tells `runsv` of ours where the folder is. */
export const LOG_FOLDER_VARIABLE = "MY_INIT_LOG_FOLDER";

/** The FIFO of a service. */
export function fifoPath(folder: string, service: string, stream: Stream): string {
  return `${folder}/${service}.${stream}`;
}

/** Whose FIFO a file of the folder is; undefined where it is none. */
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

/** Opens both FIFOs of a service to print to, made where they are not there; what cannot be had is -1. */
export function openStreams(linux: Linux, folder: string, service: string): Streams {
  const open = (stream: Stream) => {
    const path = fifoPath(folder, service, stream);
    return makeFifo(linux, path) < 0 ? -1 : Math.max(-1, linux.openToShare(path));
  };
  return { stdout: open("stdout"), stderr: open("stderr") };
}

/** Closes what {@link openStreams} opened. */
export function closeStreams(linux: Linux, { stdout, stderr }: Streams): void {
  for (const fd of [stdout, stderr]) if (fd >= 0) linux.close(fd);
}
