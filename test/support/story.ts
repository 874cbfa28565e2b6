// One container on the fake kernel, from start to end.
import { main } from "../../src/image/my-init/main.ts";
import { FakeLinux, type FakeOptions, type FakeProgram } from "./fake-linux.ts";
import * as habit from "./fake-programs.ts";

const SIGRTMIN_PLUS_3 = 37;
const EXIT_REQUEST = 0x62690000;

const times = { forkMs: 0.1, execMs: 0.5 };

export interface Story extends FakeOptions {
  readonly words?: readonly string[];
  readonly programs?: Readonly<Record<string, FakeProgram>>;
  readonly services?: readonly habit.FakeService[];
  readonly prepare?: (linux: FakeLinux) => void;
  /** Signals by the milliseconds after which they come. */
  readonly signals?: Readonly<Record<number, number>>;
  /** Calls of container_exit: exit statuses by the milliseconds after which they come. */
  readonly exits?: Readonly<Record<number, number>>;
}

/** Lives one container from start to end. */
export function live({
  words = [],
  programs = {},
  services = [],
  prepare,
  signals = {},
  exits = {},
  ...options
}: Story) {
  const linux = new FakeLinux({ argv: ["my_init", ...words], environ: ["PATH=/bin"], ...options });
  linux.addProgram("/usr/bin/runsvdir", habit.runsvdir(services, times));
  for (const path of ["/etc/my_init.d", "/etc/my_init.pre_shutdown.d", "/etc/my_init.post_shutdown.d"]) {
    linux.addDirectory(path);
  }
  for (const [path, program] of Object.entries(programs)) linux.addProgram(path, program);
  for (const [ms, signal] of Object.entries(signals)) linux.after(Number(ms), () => linux.signalSelf(signal));
  for (const [ms, status] of Object.entries(exits)) {
    linux.after(Number(ms), () => linux.signalSelf(SIGRTMIN_PLUS_3, 0, EXIT_REQUEST + status));
  }
  prepare?.(linux);
  const startMs = linux.nowMs;
  const status = main(linux);
  return { linux, status, ms: linux.nowMs - startMs, lines: linux.stderr.text.split("\n").slice(0, -1) };
}
