// Tested by src/image/service-run/main.test.ts, src/image/service-run/needs.test.ts.
import { log, type Service } from "../../container/own-service.ts";
import { SUPERVISE } from "../../container/runsv.ts";
import { isLineDue, readEnds } from "../../container/service-end.ts";
import type { Linux } from "../../linux/linux.ts";

/**
 * Logs why a start fails, if a line about the end that follows is due: otherwise each start would log the same reason.
 *
 * @param isKnown whether the boot has logged the reason: the first failure needs no line then
 */
export function logFailure(linux: Linux, service: Service, message: string, isKnown = false): void {
  const ends = readEnds(linux, `${service.directory}/${SUPERVISE}`);
  const isDue =
    ends === undefined ? !isKnown : isLineDue({ ...ends, endedMs: linux.realtimeMs(), failures: ends.failures + 1 });
  if (isDue) log(linux, service, message);
}
