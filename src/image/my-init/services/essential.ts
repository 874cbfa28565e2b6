import {
  ENDED,
  ESSENTIAL_FINISH,
  isEssential,
  isOurProgram,
  SERVICE_CONTROL,
  SERVICES,
  SUPERVISE,
} from "../../../container/runsv.ts";
import { listServices } from "../../../container/service-list.ts";
import { type ChildEnd, exitStatus, finishEnd } from "../../../core/child-end.ts";
import { printable } from "../../../core/printable.ts";
import { ERRNO } from "../../../linux/errno.ts";
import type { Linux } from "../../../linux/linux.ts";
import { Failure, SysError } from "../../../linux/sys-error.ts";
import type { Context } from "../context.ts";

const MAX_ENDED_BYTES = 32;

/** Links in the directory of an essential service, and their targets. runsv reads them when it needs them. @see runsv(8) */
const CONTROL_LINKS = [
  ["control/t", SERVICE_CONTROL],
  ["control/k", SERVICE_CONTROL],
] as const;
/** In a mirror `finish` is our finish program in any case. */
const LINKS = [["finish", ESSENTIAL_FINISH], ...CONTROL_LINKS] as const;

/** An essential service, and how it has ended. */
export interface EndedService {
  readonly service: string;
  readonly end: ChildEnd;
}

/**
 * Makes the end of each service that has a file `essential` the end of the container. Only runsv learns how a service
 * has ended, and only its finish script learns it from runsv. So links to our programs are put into the service's
 * directory in the mirror; without a mirror, into its own. The service's own are kept beside them, and ours run them.
 */
export function prepareEssential({ linux, log }: Context, directory: string): void {
  const links = directory === SERVICES ? LINKS : CONTROL_LINKS;
  for (const name of listServices(linux, directory).services) {
    const service = `${directory}/${name}`;
    if (!isEssential(linux, service)) continue;
    linux.unlink(`${service}/${SUPERVISE}/${ENDED}`); // from an earlier start of this container
    try {
      linux.mkdir(`${service}/control`, 0o755);
      for (const [path, target] of links) putLink(linux, `${service}/${path}`, target);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      log.warn(`the end of the essential service ${printable(name)} will not be the container's: ${error.message}`);
    }
  }
}

/**
 * The essential service whose end has asked for an exit status.
 *
 * @param directory of the services
 * @returns undefined: another program has asked
 */
export function endedService(linux: Linux, directory: string, status: number): EndedService | undefined {
  for (const service of listServices(linux, directory).services) {
    if (!isEssential(linux, `${directory}/${service}`)) continue;
    const text = linux.readFile(`${directory}/${service}/${SUPERVISE}/${ENDED}`, MAX_ENDED_BYTES, true);
    const end = typeof text === "string" ? parseEnd(text) : undefined;
    if (end !== undefined && exitStatus(end) === status) return { service, end };
  }
  return undefined;
}

function parseEnd(text: string): ChildEnd | undefined {
  const [code = "", low = "", ...more] = text.trim().split(" ");
  return more.length > 0 ? undefined : finishEnd(code, low);
}

function putLink(linux: Linux, path: string, target: string): void {
  if (isOurProgram(linux, path, target)) return; // from an earlier start of this container
  const moved = linux.rename(path, `${path}.own`);
  if (moved < 0 && moved !== -ERRNO.ENOENT) throw new SysError("cannot rename", path, -moved);
  const made = linux.symlink(target, path);
  if (made < 0) throw new SysError("cannot make", path, -made);
}
