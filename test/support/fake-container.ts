// A container with services for programs that look at it: my_init is PID 1, and its record names the directory.
import assert from "node:assert/strict";
import { BOOT_IS_OVER, formatSupervision } from "../../src/container/phase-record.ts";
import { type RestartRecord, writeRestartRecord } from "../../src/container/restart-record.ts";
import type { Linux } from "../../src/linux/linux.ts";
import { FakeLinux, type FakeOptions, type FakeProcess, type FakeProgram } from "./fake-linux.ts";

/** What runsv writes for a service that runs, whose finish script runs, and that is down. */
export const RUN = 1;
export const FINISH = 2;
export const DOWN = 0;

/** Where the services are. */
export const SERVICES = "/run/services";

/** The state of a service, as runsv writes it. */
export interface FakeService {
  readonly state?: number;
  readonly ageMs?: number;
  readonly want?: string;
  readonly isPaused?: boolean;
  /** false: runsv was killed. undefined: there was none. */
  readonly hasRunsv?: boolean;
  /** What its check does. */
  readonly check?: FakeProgram;
  readonly hasDownFile?: boolean;
  /** Called with its process. */
  readonly prepare?: (process: FakeProcess) => void;
  /** Our `./run` still waits for these services. */
  readonly waitsFor?: string;
  /** What its file `restart` has decided; while `again` is to come, our `./run` waits for the delay. */
  readonly restarts?: RestartRecord;
}

/** The 20 bytes of supervise/status. @param pid of the service or of its finish script */
export function statusBytes(
  linux: FakeLinux,
  { state = RUN, ageMs = 5000, want = "u", isPaused = false }: FakeService,
  pid: number,
): string {
  const changedMs = linux.realtimeMs() - ageMs;
  const number = (value: number) =>
    [24, 16, 8, 0].map((shift) => String.fromCharCode((value >>> shift) & 0xff)).join("");
  const seconds = Math.floor(changedMs / 1000);
  const nanoseconds = Math.floor((changedMs - seconds * 1000) * 1e6);
  const paused = isPaused ? "\x01" : "\0";
  return `@\0\0\0${number(seconds + 10)}${number(nanoseconds)}${String.fromCharCode(state === DOWN ? 0 : pid)}\0\0\0${paused}${want}\0${String.fromCharCode(state)}`;
}

export interface FakeContainer extends FakeOptions {
  readonly words?: readonly string[];
  readonly services?: Readonly<Record<string, FakeService>>;
  readonly initWords?: readonly string[];
  readonly hasRunit?: boolean;
  /** false: my_init has recorded nothing yet. */
  readonly isBooted?: boolean;
  /** More of what my_init has recorded. */
  readonly record?: string;
  readonly prepare?: (linux: FakeLinux, put: (name: string, service: FakeService) => void) => void;
}

/** Runs a program in a container whose my_init is PID 1. */
export function runInContainer(
  program: string,
  main: (linux: Linux) => number,
  {
    words = [],
    services = {},
    initWords = ["my_init"],
    hasRunit = true,
    isBooted = true,
    record = "",
    prepare,
    ...rest
  }: FakeContainer,
) {
  const pipes = new Set<string>();
  const checks = new Map<string, FakeProgram>();
  const linux: FakeLinux = new FakeLinux({ argv: [program, ...words], pid: 50, ...rest });
  const open = linux.openToAppend.bind(linux);
  // A FIFO with a reader.
  linux.openToAppend = (path) => (pipes.has(path) ? 99 : open(path));
  const init = linux.processes.get(1);
  assert.ok(init);
  init.argv = initWords;
  linux.addProgram("/usr/sbin/my_init", (self) => checks.get(self.argv[1] ?? "")?.(self));
  for (const path of ["/proc/self/exe", "/proc/1/exe"]) linux.addLink(path, "/usr/sbin/my_init");
  for (const path of ["/run", SERVICES]) linux.addDirectory(path);
  let recorded = record.startsWith(BOOT_IS_OVER) ? record : BOOT_IS_OVER + record;
  if (hasRunit) {
    const runsvdir = init.spawn(() => {}, ["/usr/bin/runsvdir", "-P", SERVICES], { session: true });
    runsvdir.files.set("environ", "FROM=runsvdir\0");
    recorded += formatSupervision({ pid: runsvdir.pid, startTime: runsvdir.startTime, directory: SERVICES });
  }
  if (isBooted) init.files.set("fd/5", recorded);
  const put = (name: string, service: FakeService) => {
    const directory = `${SERVICES}/${name}`;
    linux.addDirectory(directory);
    if (service.hasDownFile) linux.addFile(`${directory}/down`, "");
    if (service.check !== undefined) {
      linux.addFile(`${directory}/check`, "");
      checks.set(directory, service.check);
    }
    linux.tellWatchers(SERVICES);
    if (service.hasRunsv === undefined && service.state === undefined && service.ageMs === undefined) return;
    linux.addDirectory(`${directory}/supervise`);
    const isOurs = service.waitsFor !== undefined || service.restarts?.next === "again";
    if (isOurs) linux.addFile(`${directory}/run.own`, "");
    const process = linux.addStranger(() => {}, [isOurs ? "./run" : name]);
    const { pid } = process;
    service.prepare?.(process);
    if (isOurs) linux.addLink(`/proc/${pid}/exe`, "/usr/sbin/my_init");
    if (service.restarts !== undefined) writeRestartRecord(linux, `${directory}/supervise`, service.restarts);
    if (service.waitsFor !== undefined) {
      linux.addFile(`${directory}/supervise/waits-for`, service.waitsFor);
    }
    linux.addFile(`${directory}/supervise/status`, statusBytes(linux, service, pid));
    if (service.hasRunsv === false) pipes.delete(`${directory}/supervise/ok`);
    else pipes.add(`${directory}/supervise/ok`);
    linux.tellWatchers(`${directory}/supervise`);
  };
  for (const [name, service] of Object.entries(services)) put(name, service);
  prepare?.(linux, put);
  const startMs = linux.nowMs;
  const status = main(linux);
  return { status, linux, said: linux.stdout.text, ms: linux.nowMs - startMs };
}
