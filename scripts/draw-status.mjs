// Draws docs/container_status.svg: what container_status shows at a terminal. The words, the columns and the colours are
// those of the shipped code; the container is made up. When they change: node scripts/draw-status.mjs > THAT-FILE
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { shippedOptions } from "./bundle.mjs";
import { drawTerminal } from "./draw-terminal.mjs";

/** @import { ContainerReport, ServiceReport } from "../src/image/container-status/report.ts" */
/** @import { Line } from "../src/image/container-status/table.ts" */

const root = fileURLToPath(new URL("..", import.meta.url));

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const NOW = 1_795_939_800_000;
const RECORD = `boot_record 1\nbegan ${NOW - 3.2 * HOUR}\nhost box\nstep 0.000 310.000 services\n`;

/** @type {ServiceReport[]} */
const SERVICES = [
  service("app", { state: "waiting", shown: "waiting for db", ageMs: 2 * SECOND, pid: 901 }, { kib: 960 }),
  service("cron", { ageMs: 3.2 * HOUR, pid: 71 }, { kib: 2970 }),
  service(
    "db",
    { ageMs: 2 * SECOND, pid: 899 },
    { kib: 49_400, check: "its check failed (exit status 2)", signal: 11 },
  ),
  service("migrate", { state: "down", shown: "down", isWanted: false, ageMs: 3.1 * HOUR }, { code: 0 }),
  service("web", { ageMs: 1.4 * HOUR, pid: 403 }, { kib: 91_000, check: "", code: 1 }),
  service("web/log", { ageMs: 3.2 * HOUR, pid: 69 }, { kib: 1840 }),
];

/**
 * A service that is up, but for what is given.
 *
 * @param {string} name
 * @param {Partial<ServiceReport["now"]>} now
 * @param {{ kib?: number; check?: string; code?: number; signal?: number }} more
 * @returns {ServiceReport}
 */
function service(name, now, { kib = 0, check, code, signal }) {
  /** @type {ServiceReport["now"]} */
  const status = { state: "up", reason: "", isWanted: true, ageMs: 0, pid: 0, shown: "up", ...now };
  const { ageMs, isWanted, shown } = status;
  const state = check ? "check-failed" : !isWanted ? "not-wanted" : shown === "up" ? "up" : "waiting";
  const hasEnded = code !== undefined || signal !== undefined;
  /** @type {NonNullable<ServiceReport["ends"]>} */
  const ends = {
    count: isWanted ? 2 : 1,
    failures: 0,
    last: signal === undefined ? { how: "exited", code: code ?? 0 } : { how: "killed", signal },
    isOutOfMemory: false,
    endedMs: NOW - ageMs - (isWanted ? SECOND : 0),
    ranMs: HOUR,
    quickSuccesses: 0,
    loggedMs: 0,
    loggedFailures: 0,
  };
  const starts = (hasEnded ? ends.count : 0) + (isWanted ? 1 : 0);
  const detail = state === "waiting" ? "waits for db" : (check ?? "");
  return {
    name,
    state,
    detail,
    now: status,
    starts,
    ends: hasEnded ? ends : undefined,
    memoryKib: kib,
    ...(check === undefined ? {} : { check }),
  };
}

/** The lines of the shipped table. @returns {Promise<Line[]>} */
async function tableLines() {
  const { outputFiles } = await esbuild.build({
    ...shippedOptions,
    entryPoints: [`${root}src/image/container-status/table.ts`],
    format: "esm",
    write: false,
  });
  const { statusLines } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0]?.text ?? "")}`);
  /** @type {ContainerReport} */
  const report = {
    progress: { boot: "over", detail: "", services: undefined, record: RECORD },
    nowMs: NOW,
    all: SERVICES,
    services: SERVICES,
  };
  return statusLines(report);
}

/** The picture. @returns {Promise<string>} */
async function draw() {
  const prompt = { text: "$ docker exec -it shop container_status", colour: 0 };
  return drawTerminal("container_status at a terminal", [prompt, ...(await tableLines())]);
}

process.stdout.write(await draw());
